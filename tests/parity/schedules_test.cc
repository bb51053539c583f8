// Compares learning rates, warm-up and skip dropout of the search with the reference.

#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/schedule.h"
#include "pdarts/regularizers/skip_dropout/skip_dropout.h"
#include "pdarts/schedules/pdarts/pdarts_schedule.pb.h"
#include "pdarts/trainers/optimizers.h"
#include "tests/parity/reference.h"

namespace pdarts::parity {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr double kExact = 1e-15;

std::unique_ptr<ProgressiveSchedule> Schedule() {
  schedules::PdartsScheduleConfig config;
  google::protobuf::Any any;
  any.PackFrom(config);
  // A config without stages is completed with the published stages.
  const auto message = PluginRegistry::Global().UnpackConfig(any).value();
  PluginRegistry::Global().Complete(message.get());
  any.PackFrom(*message);
  return Registry<ProgressiveSchedule>::Create(any).value();
}

const auto& Numbers(const Struct& object, const std::string& name) {
  return Field(object, name).list_value().values();
}

TEST(Schedules, LearningRateOfTheSearch) {
  const Struct search = Field(ReadJson("schedules.json"), "search").struct_value();
  const auto schedule = Schedule();
  ASSERT_EQ(schedule->num_stages(), 3);
  for (int s = 0; s < schedule->num_stages(); ++s) {
    const StageShape stage = schedule->stage(s);
    ASSERT_EQ(stage.epochs, Field(search, "epochs").number_value());
    ASSERT_EQ(Numbers(search, "lr").size(), stage.epochs);
    for (int e = 0; e < stage.epochs; ++e) {
      EXPECT_NEAR(CosineLearningRate(SgdSettings(), e, stage.epochs),
                  Numbers(search, "lr")[e].number_value(), kExact);
      EXPECT_EQ(e >= stage.warmup_epochs, Numbers(search, "train_alphas")[e].number_value() != 0);
    }
  }
}

TEST(Schedules, SkipDropout) {
  const Struct search = Field(ReadJson("schedules.json"), "search").struct_value();
  const StageShape stage = Schedule()->stage(0);
  int rates = 0;
  for (const auto& [initial, values] : Field(search, "dropout").struct_value().fields()) {
    double rate = -1;
    ASSERT_TRUE(absl::SimpleAtod(initial, &rate)) << initial;
    ASSERT_EQ(values.list_value().values_size(), stage.epochs);
    for (int e = 0; e < stage.epochs; ++e) {
      EXPECT_NEAR(
          regularizers::SkipDropoutRate(rate, e, stage.epochs, stage.warmup_epochs, /*decay=*/0.2),
          values.list_value().values(e).number_value(), kExact)
          << initial << " in epoch " << e;
    }
    ++rates;
  }
  EXPECT_EQ(rates, 3);
}

TEST(Schedules, LearningRateOfRetraining) {
  const Struct eval = Field(ReadJson("schedules.json"), "cifar_eval").struct_value();
  const int epochs = static_cast<int>(Field(eval, "epochs").number_value());
  EXPECT_FALSE(Numbers(eval, "at").empty());
  for (const Value& value : Numbers(eval, "at")) {
    const Struct& at = value.struct_value();
    EXPECT_NEAR(CosineLearningRate(SgdSettings(), Field(at, "epoch").number_value(), epochs),
                Field(at, "lr").number_value(), kExact);
  }
}

}  // namespace
}  // namespace pdarts::parity
