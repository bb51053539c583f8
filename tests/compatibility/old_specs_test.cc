// Specs of earlier commits can still be read: they parse, and their plugins fit each other.

#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

absl::Status Load(const std::string& file, bool is_training) {
  if (is_training) {
    TrainSpec spec;
    const absl::Status read = ReadSpecFileInto(file, &spec);
    return read.ok() ? MakeTraining(spec).status() : read;
  }
  const absl::StatusOr<ExperimentSpec> spec = ReadSpecFile(file);
  return spec.ok() ? MakeExperiment(*spec).status() : spec.status();
}

TEST(OldSpecs, StillLoad) {
  int searches = 0, trainings = 0;
  for (const auto& entry : fs::directory_iterator("tests/compatibility/7feb16c/specs")) {
    const bool is_training = absl::StartsWith(entry.path().filename().string(), "train_");
    ++(is_training ? trainings : searches);
    const absl::Status status = Load(entry.path().string(), is_training);
    EXPECT_TRUE(status.ok()) << entry.path() << ": " << status;
  }
  EXPECT_EQ(searches, 14);
  EXPECT_EQ(trainings, 4);
}

// The spec in a run directory contains every field, so this test notices a renamed field.
TEST(OldSpecs, OfRunsStillLoad) {
  const std::string runs = "tests/compatibility/7feb16c/";
  EXPECT_TRUE(Load(runs + "search/spec.textproto", /*is_training=*/false).ok());
  EXPECT_TRUE(Load(runs + "training/spec.textproto", /*is_training=*/true).ok());
}

}  // namespace
}  // namespace pdarts
