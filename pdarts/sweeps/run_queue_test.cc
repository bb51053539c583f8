#include "pdarts/sweeps/run_queue.h"

#include <sys/file.h>

#include <memory>
#include <ostream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/core/training.pb.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

QueuedRun SearchIn(const std::string& directory) {
  QueuedRun run;
  run.label = "seed 3";
  run.spec = std::make_unique<ExperimentSpec>();
  run.directory = directory;
  return run;
}

/// Options whose messages go into `messages`.
RunQueueOptions OptionsWith(std::ostream* messages) {
  RunQueueOptions options;
  options.command = "sweep";
  options.jobs = 2;
  options.resume_command = [] { return "resume"; };
  options.messages = messages;
  return options;
}

TEST(RunQueueTest, RunsGetTheFlagsOfTheirOptions) {
  ChildRunOptions options;
  options.checkpoint_minutes = 2.5;
  EXPECT_THAT(FlagsForRuns(options), ElementsAre("--checkpoint_minutes=2.5"));
  options.data_dir = "/my data";
  options.allow_swap = true;
  EXPECT_THAT(FlagsForRuns(options),
              ElementsAre("--checkpoint_minutes=2.5", "--data_dir=/my data", "--allow_swap"));
}

TEST(RunQueueTest, TheKindOfTheSpecChoosesTheCommand) {
  QueuedRun run = SearchIn("runs/mine-seed3");
  EXPECT_EQ(CommandNameOf(run), "search");
  run.spec = std::make_unique<TrainSpec>();
  EXPECT_EQ(CommandNameOf(run), "train");
  EXPECT_EQ(ConsoleFile(run), "runs/mine-seed3.console.txt");
  EXPECT_FALSE(HoldsItsSpec(run));
}

TEST(RunQueueTest, AFinishedRunIsNotStarted) {
  std::ostringstream messages;
  QueuedRun run = SearchIn(TestPath());
  run.finished_before = true;
  EXPECT_TRUE(RunAll({&run}, OptionsWith(&messages)).ok());
  EXPECT_EQ(messages.str(), "");
  EXPECT_EQ(run.error, "");
}

TEST(RunQueueTest, ALockedConsoleFileIsTheErrorOfItsRun) {
  std::ostringstream messages;
  QueuedRun run = SearchIn(TestPath());
  const absl::StatusOr<FileDescriptor> console = OpenForAppending(ConsoleFile(run));
  ASSERT_TRUE(console.ok()) << console.status();
  ASSERT_EQ(flock(console->number(), LOCK_EX | LOCK_NB), 0);
  EXPECT_TRUE(RunAll({&run}, OptionsWith(&messages)).ok());
  EXPECT_THAT(run.error, HasSubstr("is locked: a run of another sweep is writing there"));
  EXPECT_EQ(messages.str(), "seed 3: " + run.error + "\n");
}

}  // namespace
}  // namespace pdarts
