#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "tests/parity/reference.h"

namespace pdarts::parity {
namespace {

TEST(Constants, StatisticsOfCifar) {
  const google::protobuf::Struct file = ReadJson("constants.json");
  for (const char* name : {"cifar10", "cifar100"}) {
    const PluginInfo info = PluginRegistry::Global().FindByName(Dataset::kKind, name).value();
    google::protobuf::Any config;
    config.set_type_url("type.googleapis.com/" + info.config->full_name());
    const auto dataset = Registry<Dataset>::Create(config).value();
    const google::protobuf::Struct& expected = Field(file, name).struct_value();
    for (int channel = 0; channel < 3; ++channel) {
      const auto value = [&](const char* key) {
        return Field(expected, key).list_value().values(channel).number_value();
      };
      EXPECT_EQ(dataset->info().mean[channel], value("mean")) << name;
      EXPECT_EQ(dataset->info().deviation[channel], value("std")) << name;
    }
  }
}

}  // namespace
}  // namespace pdarts::parity
