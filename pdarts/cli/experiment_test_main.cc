// The test of a pdarts_experiment target: the spec of the target loads and is valid, and its
// networks can be built.

#include "gtest/gtest.h"
#include "pdarts/cli/embedded_spec.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/random.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/super_net.h"

namespace pdarts {
namespace {

TEST(ExperimentSpecTest, LoadsValidatesAndBuildsItsFirstStage) {
  const auto spec = ParseSpec(kEmbeddedSpec, kEmbeddedSpecFile);
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto experiment = MakeExperiment(*spec);
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  const auto super_net = experiment->space->BuildSuperNet(
      experiment->space->InitialCandidates().value(), experiment->StageSuperNetShape(0),
      MakeGenerator(1, "weights"));
  ASSERT_TRUE(super_net.ok()) << super_net.status();
  EXPECT_GT(CountParameters(**super_net), 0);
}

TEST(ExperimentSpecTest, ItsCompletedTextReadsBackTheSame) {
  auto spec = ParseSpec(kEmbeddedSpec, kEmbeddedSpecFile);
  ASSERT_TRUE(spec.ok());
  ASSERT_TRUE(CompleteSpec(&*spec).ok());
  const std::string text = PrintSpec(*spec);
  const auto again = ParseSpec(text, "completed");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(PrintSpec(*again), text);
}

}  // namespace
}  // namespace pdarts
