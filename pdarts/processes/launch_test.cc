#include "pdarts/processes/launch.h"

#include <cstdlib>
#include <map>
#include <string>

#include "gtest/gtest.h"

namespace pdarts {
namespace {

Launch With(const std::map<std::string, std::string>& environment) {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_NTASKS",
                           "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "PMIX_RANK"})
    unsetenv(name);
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  return ReadLaunch();
}

TEST(Launch, IsOneProcessUnlessALauncherSaysOtherwise) {
  EXPECT_EQ(With({}).tasks, 1);
  EXPECT_EQ(With({{"OMPI_COMM_WORLD_SIZE", "1"}}).tasks, 1);
  EXPECT_EQ(With({{"SLURM_NTASKS", "1"}, {"PMIX_RANK", "0"}}).tasks, 1);
  EXPECT_EQ(With({{"SLURM_NTASKS", "many"}}).tasks, 1);
  EXPECT_EQ(With({{"SLURM_NTASKS", "1"}}).variable, "");
}

TEST(Launch, NamesTheVariableThatTellsOfSeveral) {
  EXPECT_EQ(With({{"OMPI_COMM_WORLD_SIZE", "2"}}).tasks, 2);
  EXPECT_EQ(With({{"OMPI_COMM_WORLD_SIZE", "2"}}).variable, "OMPI_COMM_WORLD_SIZE=2");
  EXPECT_EQ(With({{"SLURM_NTASKS", "4"}}).tasks, 4);
  EXPECT_EQ(With({{"SLURM_NTASKS", "4"}}).variable, "SLURM_NTASKS=4");
  EXPECT_EQ(With({{"PMIX_RANK", "1"}}).tasks, 2);
  EXPECT_EQ(With({{"PMIX_RANK", "1"}}).variable, "PMIX_RANK=1");
}

TEST(Launch, KnowsTheNumberOnTheMachine) {
  EXPECT_EQ(With({{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "3"}}).local_rank,
            3);
  EXPECT_EQ(With({{"SLURM_NTASKS", "4"}, {"SLURM_LOCALID", "1"}}).local_rank, 1);
  EXPECT_EQ(With({{"SLURM_NTASKS", "4"}}).local_rank, 0);
}

TEST(Launch, OnlyWhatCanRunInSeveralTasksIsRefusedWhereAJobHasThem) {
  const Launch job = With({{"SLURM_NTASKS", "4"}});
  EXPECT_TRUE(WorksAlone(job, /*in_several=*/false));
  EXPECT_FALSE(WorksAlone(job, /*in_several=*/true));
  for (const char* launcher : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK"}) {
    EXPECT_FALSE(WorksAlone(With({{launcher, "2"}}), /*in_several=*/false)) << launcher;
  }
  for (const char* of_srun : {"SLURM_STEP_NUM_TASKS", "PMIX_RANK"}) {
    const Launch step = With({{"SLURM_NTASKS", "4"}, {of_srun, "2"}});
    EXPECT_FALSE(WorksAlone(step, /*in_several=*/false)) << of_srun;
  }
  EXPECT_TRUE(WorksAlone(With({}), /*in_several=*/true));
}

TEST(Launch, TheInnermostLauncherDecides) {
  EXPECT_EQ(With({{"OMPI_COMM_WORLD_SIZE", "1"}, {"SLURM_NTASKS", "4"}}).tasks, 1);
  EXPECT_EQ(With({{"OMPI_COMM_WORLD_SIZE", "3"}, {"SLURM_NTASKS", "1"}}).tasks, 3);
}

}  // namespace
}  // namespace pdarts
