#include "pdarts/sessions/session_options.h"

#include <filesystem>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/sessions/device.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

TEST(Tell, WritesALineForEachNoteToTheStream) {
  std::ostringstream stream;
  Tell({"one", "two"}, &stream);
  EXPECT_EQ(stream.str(), "note: one\nnote: two\n");
  Tell({"nobody reads this note"}, nullptr);
}

TEST(PrintedAsJson, LeavesTheTextToTheCallerWithoutJson) {
  RunResult result;
  result.set_genotype("a");
  std::ostringstream stream;
  SessionOptions options;
  options.results = &stream;
  EXPECT_FALSE(PrintedAsJson(result, options));
  EXPECT_EQ(stream.str(), "");
  options.json = true;
  EXPECT_TRUE(PrintedAsJson(result, options));
  EXPECT_EQ(stream.str(), "{\"genotype\":\"a\"}\n");
}

TEST(PrintedAsJson, LeavesNothingToPrintWithoutAStream) {
  SessionOptions options;
  EXPECT_TRUE(PrintedAsJson(RunResult(), options));
  options.json = true;
  EXPECT_TRUE(PrintedAsJson(RunResult(), options));
}

TEST(OutputDir, IsTheGivenFolderOrHasTheNameOfTheRun) {
  SessionOptions options;
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(OutputDir(options, "quick", 3), here + "/runs/quick-seed3");
  options.output_dir = "mine/../other";
  EXPECT_EQ(OutputDir(options, "quick", 3), here + "/other");
  options.output_dir = "/data/run";
  EXPECT_EQ(OutputDir(options, "quick", 3), "/data/run");
}

TEST(SetCheckedThreads, RefusesNumbersThatAreNegativeOrTooLarge) {
  const absl::Status negative = SetCheckedThreads(-1).status();
  EXPECT_TRUE(absl::IsInvalidArgument(negative)) << negative;
  EXPECT_EQ(negative.message(), "--threads: -1 is negative");
  const int most = 4 * NumProcessors();
  const absl::Status too_many = SetCheckedThreads(most + 1).status();
  EXPECT_TRUE(absl::IsInvalidArgument(too_many)) << too_many;
  EXPECT_THAT(std::string(too_many.message()),
              HasSubstr("is more than " + std::to_string(most) + ", 4 for each processor"));
}

TEST(SetCheckedThreads, SetsTheNumber) {
  const absl::StatusOr<int> threads = SetCheckedThreads(2);
  ASSERT_TRUE(threads.ok()) << threads.status();
  EXPECT_EQ(*threads, 2);
  EXPECT_EQ(SetThreads(0), 2);
}

TEST(MemoryPolicyOf, CountsTheProcessesAndAllowsSwap) {
  SessionOptions options;
  EXPECT_FALSE(MemoryPolicyOf(options).allow_swap);
  EXPECT_EQ(MemoryPolicyOf(options).processes, 1);
  options.allow_swap = true;
  EXPECT_TRUE(MemoryPolicyOf(options, 3).allow_swap);
  EXPECT_EQ(MemoryPolicyOf(options, 3).processes, 3);
}

}  // namespace
}  // namespace pdarts
