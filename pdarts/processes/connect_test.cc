#include <cstdlib>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/processes/process_group.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

TEST(ConnectWithoutMpi, RefusesOneOfSeveralTasks) {
  setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
  const absl::Status search = ConnectProcesses("search", true).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(search));
  EXPECT_THAT(std::string(search.message()), HasSubstr("OMPI_COMM_WORLD_SIZE=2"));
  EXPECT_THAT(std::string(search.message()), HasSubstr("Build it with --config=mpi"));
  const absl::Status report = ConnectProcesses("report", false).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(report));
  EXPECT_THAT(std::string(report.message()), HasSubstr("--config=mpi"));
}

TEST(ConnectWithoutMpi, IsAloneOtherwise) {
  setenv("OMPI_COMM_WORLD_SIZE", "1", 1);
  const auto group = ConnectProcesses("search", true);
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_EQ(&(*group)->communicator(), &SingleProcess());
  EXPECT_EQ(*(*group)->CommunicatorFor(c10::kCPU), &SingleProcess());
  EXPECT_TRUE((*group)->Leave().ok());
  EXPECT_FALSE((*group)->LeaveWithError("x"));
}

}  // namespace
}  // namespace pdarts
