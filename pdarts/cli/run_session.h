#ifndef PDARTS_CLI_RUN_SESSION_H_
#define PDARTS_CLI_RUN_SESSION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "pdarts/cli/build_info.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/memory_limits.h"
#include "pdarts/core/process.h"
#include "pdarts/runs/run_checkpointer.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {

/// Prints notes for the user on standard error, a line each.
void Tell(const std::vector<std::string>& notes);

/// How the command line asks for a run to be started and kept.
struct RunFlags {
  RunStart start = RunStart::kGoOn;
  double checkpoint_minutes = 0;
  int threads = 1;  ///< already set
};

/// Sets how many threads LibTorch's operators use from --threads; returns the number.
/// \error kInvalidArgument if it is negative, or so large that the threads would hinder each other.
absl::StatusOr<int> SetThreadsFromFlags();

/// Which memory a command may take, from --allow_swap.
MemoryPolicy MemoryPolicyFromFlags();

/// Reads --resume, --overwrite, --checkpoint_minutes and --threads, and sets the threads.
/// \error kInvalidArgument naming the flag.
absl::StatusOr<RunFlags> RunFlagsFromCommandLine();

/// What decides a run's last bits, beside its spec.
CheckpointSurroundings MakeSurroundings(const Backend& backend, const DatasetSplits& data,
                                        int threads);

/// Opens a run's directory and tells the user on standard error what should be known of it. Adds
/// to the surroundings what has changed in them since the run began.
/// \error as RunDirectory::Open and CompareSurroundings.
absl::StatusOr<std::unique_ptr<RunDirectory>> OpenRun(const std::string& path,
                                                      const google::protobuf::Message& spec,
                                                      RunStart start,
                                                      CheckpointSurroundings* surroundings);

/// What a result says of where it came from: pdarts' version and commit, LibTorch, machine and
/// data. Result: RunResult or TrainResult.
template <class Result>
void SetOrigin(const CheckpointSurroundings& surroundings, const DatasetSplits& data,
               Result* result) {
  result->set_version(BuildVersion());
  result->set_commit(surroundings.commit());
  result->set_libtorch(surroundings.libtorch());
  result->set_cpu(CpuName());
  result->set_device(surroundings.device());
  result->set_kernels(surroundings.kernels());
  result->set_threads(surroundings.threads());
  result->set_dataset_source(data.source);
  result->set_dataset_checksum(surroundings.dataset_checksum());
  *result->mutable_changes() = surroundings.changes();
}

/// How its states are kept; a signal stops it.
RunCheckpointer::Options CheckpointingOf(const RunFlags& flags,
                                         const CheckpointSurroundings& surroundings);

/// What a user needs to know where a run ended early.
absl::Status ExplainEnd(const absl::Status& status, const RunDirectory& directory);

}  // namespace pdarts

#endif  // PDARTS_CLI_RUN_SESSION_H_
