// Compares the channel statistics of the datasets with the reference.

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "tests/parity/reference.h"

namespace pdarts::parity {
namespace {

std::vector<double> Numbers(const google::protobuf::Struct& object, const std::string& name) {
  std::vector<double> numbers;
  for (const auto& value : Field(object, name).list_value().values()) {
    numbers.push_back(value.number_value());
  }
  return numbers;
}

TEST(Constants, StatisticsOfCifar) {
  const google::protobuf::Struct file = ReadJson("constants.json");
  for (const char* name : {"cifar10", "cifar100"}) {
    const auto plugin = PluginRegistry::Global().FindByName(Dataset::kKind, name);
    ASSERT_TRUE(plugin.ok()) << plugin.status();
    google::protobuf::Any config;
    config.set_type_url(absl::StrCat("type.googleapis.com/", plugin->config->full_name()));
    const auto dataset = Registry<Dataset>::Create(config);
    ASSERT_TRUE(dataset.ok()) << dataset.status();
    const google::protobuf::Struct& expected = Field(file, name).struct_value();
    EXPECT_EQ((*dataset)->info().mean, Numbers(expected, "mean")) << name;
    EXPECT_EQ((*dataset)->info().deviation, Numbers(expected, "std")) << name;
  }
}

}  // namespace
}  // namespace pdarts::parity
