#include "pdarts/runs/run_checkpointer.h"

#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/testing/process_threads.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {
namespace {

/// The checkpointer of a process that writes no files. `wants_to_stop` belongs to this process
/// only.
RunCheckpointer OfAnotherProcess(Communicator& communicator, bool wants_to_stop) {
  RunCheckpointer::Options options;
  options.minutes = 0;
  options.stop_requested = [wants_to_stop] { return wants_to_stop; };
  options.communicator = &communicator;
  return RunCheckpointer(nullptr, nullptr, options);
}

TEST(RunCheckpointer, ASignalToOneProcessStopsAll) {
  ExpectAllOk(RunProcesses(3, [](Communicator& communicator) {
    RunCheckpointer before = OfAnotherProcess(communicator, false);
    EXPECT_FALSE(before.StopRequested());
    RunCheckpointer after = OfAnotherProcess(communicator, communicator.rank() == 2);
    EXPECT_TRUE(after.StopRequested());
    return after.Save(TrainingState());
  }));
}

TEST(RunCheckpointer, OnlyProcessZeroWrites) {
  RunCheckpointer checkpointer = OfAnotherProcess(SingleProcess(), false);
  EXPECT_FALSE(checkpointer.Due());
  EXPECT_TRUE(checkpointer.Save(TrainingState()).ok());
}

TEST(RunCheckpointer, StopsWithTheErrorWhereAnotherProcessHasEnded) {
  const std::vector<absl::Status> statuses = RunProcesses(2, [](Communicator& communicator) {
    if (communicator.rank() == 1) return absl::OkStatus();
    RunCheckpointer checkpointer = OfAnotherProcess(communicator, false);
    EXPECT_TRUE(checkpointer.StopRequested());
    return checkpointer.Save(TrainingState());
  });
  EXPECT_EQ(statuses[0], absl::UnavailableError("process 1 of 2 has ended"));
}

}  // namespace
}  // namespace pdarts
