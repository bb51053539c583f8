#include "pdarts/sweeps/slurm.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/testing/test_folder.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

/// Replaces the programs of Slurm by scripts. Each script writes its arguments into the file
/// "asked".
class SlurmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = TestFolder();
    const char* path = std::getenv("PATH");
    path_ = path == nullptr ? "" : path;
    setenv("PATH", (folder_.string() + ":" + path_).c_str(), 1);
  }
  void TearDown() override { setenv("PATH", path_.c_str(), 1); }

  /// `lines` are the lines of a shell script.
  void Fake(const std::string& program, const std::string& lines) {
    const fs::path file = folder_ / program;
    std::ofstream(file) << "#!/bin/sh\necho \"" << program << " $*\" >> '"
                        << (folder_ / "asked").string() << "'\n"
                        << lines << "\n";
    fs::permissions(file, fs::perms::owner_all);
  }
  /// Replaces a program that a cluster may lack, or that reports nothing.
  void FakeFailure(const std::string& program, const std::string& message) {
    Fake(program, "echo '" + message + "' >&2; exit 1");
  }
  std::string Asked() const {
    std::ostringstream text;
    text << std::ifstream(folder_ / "asked").rdbuf();
    return text.str();
  }
  /// The states of tasks, or the reason why they are unknown.
  static std::map<std::string, std::string> States(const std::set<std::string>& tasks) {
    const auto states = TaskStates(tasks);
    if (!states.ok()) return {{"error", std::string(states.status().message())}};
    std::map<std::string, std::string> words;
    for (const auto& [task, state] : *states) {
      words[task] = state.state + (state.reason.empty() ? "" : " " + state.reason);
    }
    return words;
  }

  fs::path folder_;
  std::string path_;
};

TEST_F(SlurmTest, SqueueTellsOfWhatWaitsAndRuns) {
  Fake("squeue",
       "echo '12_0|RUNNING|None'; echo '12_1|PENDING|Resources'; echo '13_7|RUNNING|None'");
  FakeFailure("sacct", "not to be asked");
  EXPECT_THAT(States({"12_0", "12_1"}),
              ElementsAre(Pair("12_0", "RUNNING"), Pair("12_1", "PENDING Resources")));
  EXPECT_EQ(Asked(), "squeue --noheader --array --jobs=12 --format=%F_%K|%T|%r\n");
}

TEST_F(SlurmTest, SacctTellsOfWhatSqueueDoesNotList) {
  Fake("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
  Fake("sacct", "echo '12_0|CANCELLED by 1000'; echo '12_1|FAILED'; echo '12_2|COMPLETED'");
  EXPECT_THAT(States({"12_0", "12_2"}),
              ElementsAre(Pair("12_0", "CANCELLED"), Pair("12_2", "COMPLETED")));
  EXPECT_THAT(Asked(), HasSubstr("sacct --noheader --parsable2 --allocations --jobs=12_0,12_2 "));
}

TEST_F(SlurmTest, ScontrolTellsWhereThereIsNoAccounting) {
  Fake("squeue", "echo '12_1|RUNNING|None'");
  FakeFailure("sacct", "Slurm accounting storage is disabled");
  Fake("scontrol",
       "echo 'JobId=13 ArrayJobId=12 ArrayTaskId=0 JobName=t JobState=TIMEOUT Reason=TimeLimit "
       "Dependency=(null)'; echo 'JobId=12 ArrayJobId=12 ArrayTaskId=1 JobState=FAILED "
       "Reason=None'");
  EXPECT_THAT(States({"12_0", "12_1"}),
              ElementsAre(Pair("12_0", "TIMEOUT TimeLimit"), Pair("12_1", "RUNNING")));
  EXPECT_THAT(Asked(), HasSubstr("scontrol --oneliner show job 12\n"));
}

TEST_F(SlurmTest, ATaskThatNobodyKnowsHasNoState) {
  Fake("squeue", "exit 0");
  FakeFailure("sacct", "Slurm accounting storage is disabled");
  FakeFailure("scontrol", "slurm_load_jobs error: Invalid job id specified");
  EXPECT_THAT(States({"12_0"}), ElementsAre(Pair("12_0", "")));
}

TEST_F(SlurmTest, AControllerThatDoesNotAnswerIsAnErrorAndNoStateIsGuessed) {
  FakeFailure("squeue", "slurm_load_jobs error: Unable to contact slurm controller");
  FakeFailure("sacct", "no");
  FakeFailure("scontrol", "no");
  EXPECT_EQ(TaskStates({"12_0"}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(States({"12_0"}), ElementsAre(Pair("error", HasSubstr("Unable to contact"))));
  Fake("sacct", "echo '12_0|COMPLETED'");  // accounting works without the controller
  EXPECT_THAT(States({"12_0"}), ElementsAre(Pair("12_0", "COMPLETED")));
}

TEST_F(SlurmTest, SubmittingGivesTheNumberOfTheJob) {
  Fake("sbatch", "echo 'a note of a plugin' >&2; echo '15;cluster2'");
  const auto job = SubmitScript("/runs/job.sh");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(*job, "15");
  EXPECT_EQ(Asked(), "sbatch --parsable /runs/job.sh\n");
  FakeFailure("sbatch", "sbatch: error: invalid partition specified: nope");
  EXPECT_THAT(std::string(SubmitScript("/runs/job.sh").status().message()),
              HasSubstr("/runs/job.sh: sbatch: error: invalid partition specified: nope"));
}

TEST_F(SlurmTest, WithoutSlurmTheMissingProgramIsNamed) {
  setenv("PATH", folder_.string().c_str(), 1);
  EXPECT_THAT(std::string(SubmitScript("a").status().message()), HasSubstr("there is no sbatch"));
}

TEST(SlurmStateTest, TellsWhatMayStillRunFromWhatHasEnded) {
  for (const char* state : {"PENDING", "RUNNING", "COMPLETING", "REQUEUED", "SUSPENDED"}) {
    EXPECT_TRUE(IsActive(state)) << state;
  }
  for (const char* state : {"", "COMPLETED", "CANCELLED", "TIMEOUT", "FAILED", "PREEMPTED"}) {
    EXPECT_FALSE(IsActive(state)) << state;
  }
  EXPECT_TRUE(IsTaskName("12_3"));
  for (const char* name : {"", "12", "_3", "12_", "12_[3-5]", "12_3_4", "12 3"}) {
    EXPECT_FALSE(IsTaskName(name)) << name;
  }
}

}  // namespace
}  // namespace pdarts
