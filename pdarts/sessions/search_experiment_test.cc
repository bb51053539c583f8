// Searches without a command line: the caller gives the options, and owns the streams.

#include "pdarts/sessions/search_experiment.h"

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/processes/process_group.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 1 warmup_epochs: 0 keep: 1 }
  }
}
device: "cpu"
search { batch_size: 8 }
)";

class SearchExperimentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.output_dir = TestPath();
    options_.threads = 1;
  }

  /// Searches, and stores what the search prints outside of the streams of the options.
  absl::Status Search() {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const std::unique_ptr<ProcessGroup> process = LoneProcess();
    const absl::Status status = SearchExperiment(ParseSpec(kSpec, "spec"), options_, *process);
    stdout_ = ::testing::internal::GetCapturedStdout();
    stderr_ = ::testing::internal::GetCapturedStderr();
    return status;
  }

  SessionOptions options_;
  std::string stdout_;
  std::string stderr_;
};

TEST_F(SearchExperimentTest, PrintsNothingWithoutStreams) {
  const absl::Status status = Search();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(stdout_, "");
  EXPECT_THAT(stderr_, Not(HasSubstr("stage 1/1")));
  EXPECT_THAT(stderr_, Not(HasSubstr("note: ")));
  const absl::StatusOr<RunResult> result = ReadRunResult(options_.output_dir);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NE(result->genotype(), "");
}

TEST_F(SearchExperimentTest, PrintsTheResultToTheStream) {
  std::ostringstream results;
  options_.results = &results;
  const absl::Status status = Search();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(stdout_, "");
  EXPECT_THAT(results.str(), HasSubstr("run directory   " + options_.output_dir));
}

TEST_F(SearchExperimentTest, PrintsADryRunToTheStreamAndWritesNothing) {
  std::ostringstream results;
  options_.results = &results;
  options_.dry_run = true;
  absl::Status status = Search();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(results.str(), HasSubstr("stage 1: 2 cells, 2 channels"));
  EXPECT_EQ(stdout_, "");
  EXPECT_FALSE(std::filesystem::exists(options_.output_dir));

  results.str("");
  options_.json = true;
  status = Search();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(results.str(), HasSubstr("\"stages\":[{"));
  EXPECT_EQ(stdout_, "");
}

TEST_F(SearchExperimentTest, ShowsTheProgressOnlyIfTheOptionsSaySo) {
  options_.show_progress = true;
  const absl::Status status = Search();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(stderr_, HasSubstr("stage 1/1 epoch 1/1 loss"));
}

TEST_F(SearchExperimentTest, ReturnsTheErrorOfTheSpecAndOfTheOptions) {
  const std::unique_ptr<ProcessGroup> process = LoneProcess();
  EXPECT_TRUE(
      absl::IsNotFound(SearchExperiment(absl::NotFoundError("no spec"), options_, *process)));
  options_.resume = true;
  options_.overwrite = true;
  const absl::Status status = Search();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(status.message(), "--resume and --overwrite exclude each other");
}

}  // namespace
}  // namespace pdarts
