// The test of a pdarts_training target: the spec of the target loads and is valid, and its network
// can be built.

#include "gtest/gtest.h"
#include "pdarts/cli/embedded_spec.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/training.h"

namespace pdarts {
namespace {

TEST(TrainingSpecTest, LoadsValidatesAndBuildsItsNetwork) {
  TrainSpec spec;
  const absl::Status parsed = ParseSpecInto(kEmbeddedSpec, kEmbeddedSpecFile, &spec);
  ASSERT_TRUE(parsed.ok()) << parsed;
  const auto training = MakeTraining(spec);
  ASSERT_TRUE(training.ok()) << training.status();
  const auto network = training->space->BuildNetwork(training->architecture, training->Shape(),
                                                     MakeGenerator(1, "weights"));
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_GT(CountParameters(**network), 0);
}

TEST(TrainingSpecTest, ItsCompletedTextReadsBackTheSame) {
  TrainSpec spec, again;
  ASSERT_TRUE(ParseSpecInto(kEmbeddedSpec, kEmbeddedSpecFile, &spec).ok());
  ASSERT_TRUE(CompleteSpec(&spec).ok());
  const std::string text = PrintSpec(spec);
  ASSERT_TRUE(ParseSpecInto(text, "completed", &again).ok());
  EXPECT_EQ(PrintSpec(again), text);
}

}  // namespace
}  // namespace pdarts
