#include "pdarts/sweeps/sweep_script.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

SweepScript TwoRuns() {
  SweepScript script;
  script.name = "mine";
  script.folder = "/runs/mine.sweep-1";
  script.runs = {"/runs/it's-seed1", "/runs/mine-seed2"};
  script.program = "/opt/pdarts";
  script.command = "search";
  script.flags = {"--checkpoint_minutes=10", "--data_dir=/my data"};
  return script;
}

std::string ErrorOf(const std::string& options) {
  return std::string(CheckSbatchOptions(options).message());
}

TEST(SweepScriptTest, IsAJobArrayThatIsWarnedAndRequeued) {
  const auto text = PrintSweepScript(TwoRuns());
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text,
              AllOf(HasSubstr("#!/bin/bash\n"), HasSubstr("\n#SBATCH --job-name=mine\n"),
                    HasSubstr("\n#SBATCH --array=0-1\n"),
                    HasSubstr("\n#SBATCH --output=\"/runs/mine.sweep-1/slurm-%A_%a.txt\"\n"),
                    HasSubstr("\n#SBATCH --open-mode=append\n"), HasSubstr("\n#SBATCH --requeue\n"),
                    HasSubstr("\n#SBATCH --signal=B:USR1@120\n")));
  EXPECT_THAT(*text, AllOf(HasSubstr("\n  '/runs/it'\\''s-seed1'\n  '/runs/mine-seed2'\n)"),
                           HasSubstr("exec '/opt/pdarts' search --spec=\"$run/spec.textproto\""),
                           HasSubstr(" '--data_dir=/my data'\n")));
  EXPECT_THAT(*text, HasSubstr("threads=${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:-0}}\n"));
}

TEST(SweepScriptTest, TheUsersOptionsComeLast) {
  SweepScript script = TwoRuns();
  script.array_limit = 4;
  script.threads = 3;
  script.sbatch_options = "--time=60 --signal=B:USR1@30 --comment=\"two words\"";
  const auto text = PrintSweepScript(script);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, AllOf(HasSubstr("\n#SBATCH --array=0-1%4\n"), HasSubstr("\nthreads=3\n"),
                           HasSubstr("--signal=B:USR1@120\n#SBATCH --time=60 --signal=B:USR1@30 "
                                     "--comment=\"two words\"\n")));
}

TEST(SweepScriptTest, PathsThatSbatchWouldMisreadAreQuotedOrRefused) {
  SweepScript script = TwoRuns();
  script.folder = "/runs/100% mine";
  const auto text = PrintSweepScript(script);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, AllOf(HasSubstr("--output=\"/runs/100%% mine/slurm-%A_%a.txt\""),
                           HasSubstr("\nfolder='/runs/100% mine'\n")));
  for (const char* folder : {"/a\"b", "/a\\b", "/a\nb"}) {
    script.folder = folder;
    EXPECT_THAT(std::string(PrintSweepScript(script).status().message()),
                HasSubstr("sbatch cannot read a path"));
  }
}

TEST(SweepScriptTest, OptionsThatTheSweepSetsAreRefused) {
  EXPECT_EQ(ErrorOf(""), "");
  EXPECT_EQ(ErrorOf("--partition=long --time=2:00:00 -A account"), "");
  EXPECT_THAT(ErrorOf("--time=1 --array=0-3"), HasSubstr("has --array: the sweep sets it"));
  EXPECT_THAT(ErrorOf("-a 0-3"), HasSubstr("has --array"));
  EXPECT_THAT(ErrorOf("--output=x"), HasSubstr(".console.txt"));
  EXPECT_THAT(ErrorOf("--wrap=ls"), HasSubstr("has --wrap"));
  EXPECT_THAT(ErrorOf("--time=1 --wait"), HasSubstr("has --wait"));
  EXPECT_THAT(ErrorOf("-M other"), HasSubstr("has --clusters"));
  EXPECT_THAT(ErrorOf("partition=long"), HasSubstr("is not of the form"));
  EXPECT_THAT(ErrorOf("--time=1\nrm -r /"), HasSubstr("has more than one line"));
}

}  // namespace
}  // namespace pdarts
