#include "pdarts/cli/run_session.h"

#include <iostream>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "pdarts/cli/build_info.h"
#include "pdarts/cli/device.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/interrupt.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

/// More threads than processors are only good for repeating a run of a larger machine; each of many
/// threads waits for all others at the end of every operation.
constexpr int kThreadsPerProcessor = 4;

/// What --resume and --overwrite ask for.
absl::StatusOr<RunStart> RunStartFromFlags() {
  if (absl::GetFlag(FLAGS_resume) && absl::GetFlag(FLAGS_overwrite)) {
    return absl::InvalidArgumentError("--resume and --overwrite exclude each other");
  }
  if (absl::GetFlag(FLAGS_overwrite)) return RunStart::kOverwrite;
  return absl::GetFlag(FLAGS_resume) ? RunStart::kResume : RunStart::kGoOn;
}

}  // namespace

void Tell(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) std::cerr << "note: " << note << "\n";
}

absl::StatusOr<int> SetThreadsFromFlags() {
  const int threads = absl::GetFlag(FLAGS_threads);
  if (threads < 0) {
    return absl::InvalidArgumentError(absl::StrCat("--threads: ", threads, " is negative"));
  }
  const int processors = NumProcessors();
  if (threads > kThreadsPerProcessor * processors) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--threads: ", threads, " is more than ", kThreadsPerProcessor * processors, ", ",
        kThreadsPerProcessor, " for each processor that this program may use (", processors, ")"));
  }
  return SetThreads(threads);
}

MemoryPolicy MemoryPolicyFromFlags() {
  MemoryPolicy policy;
  policy.allow_swap = absl::GetFlag(FLAGS_allow_swap);
  return policy;
}

absl::StatusOr<RunFlags> RunFlagsFromCommandLine() {
  RunFlags flags;
  flags.checkpoint_minutes = absl::GetFlag(FLAGS_checkpoint_minutes);
  if (!(flags.checkpoint_minutes >= 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--checkpoint_minutes: ", flags.checkpoint_minutes, " is not 0 or more"));
  }
  PDARTS_ASSIGN_OR_RETURN(flags.start, RunStartFromFlags());
  PDARTS_ASSIGN_OR_RETURN(flags.threads, SetThreadsFromFlags());
  return flags;
}

CheckpointSurroundings MakeSurroundings(const Backend& backend, const DatasetSplits& data,
                                        int threads) {
  CheckpointSurroundings surroundings;
  surroundings.set_dataset_checksum(data.checksum);
  surroundings.set_threads(threads);
  surroundings.set_kernels(BackendName(backend));
  surroundings.set_device(backend.device.str());
  surroundings.set_libtorch(LibTorchVersion());
  surroundings.set_commit(BuildCommit());
  surroundings.set_cpu(CpuName());
  return surroundings;
}

absl::StatusOr<std::unique_ptr<RunDirectory>> OpenRun(const std::string& path,
                                                      const google::protobuf::Message& spec,
                                                      RunStart start,
                                                      CheckpointSurroundings* surroundings) {
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<RunDirectory> directory,
                          RunDirectory::Open(path, spec, start));
  Tell(directory->notes());
  if (const auto& checkpoint = directory->checkpoint()) {
    PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> changes,
                            CompareSurroundings(checkpoint->run.surroundings(), *surroundings));
    *surroundings->mutable_changes() = checkpoint->run.surroundings().changes();
    for (const std::string& change : changes) {
      Tell({absl::StrCat(change, ": the run may end otherwise than it would have")});
      surroundings->add_changes(absl::StrCat(checkpoint->state.place, ": ", change));
    }
  }
  return directory;
}

RunCheckpointer::Options CheckpointingOf(const RunFlags& flags,
                                         const CheckpointSurroundings& surroundings) {
  RunCheckpointer::Options options;
  options.surroundings = surroundings;
  options.minutes = flags.checkpoint_minutes;
  options.stop_requested = [] { return InterruptSignal() != 0; };
  return options;
}

absl::Status ExplainEnd(const absl::Status& status, const RunDirectory& directory) {
  if (absl::IsCancelled(status)) {
    return absl::CancelledError(
        absl::StrCat("stopped; the state is in ", directory.last_checkpoint(),
                     ". If you move the run, name its new folder by --output_dir. To go on:\n  ",
                     CommandToGoOn(directory.path())));
  }
  // What is in the directory now may be another run's.
  if (!directory.CheckHeld().ok()) return status;
  return absl::Status(status.code(), absl::StrCat(status.message(), "; ",
                                                  directory.last_checkpoint().empty()
                                                      ? std::string("there is no checkpoint yet")
                                                      : absl::StrCat("the last good checkpoint is ",
                                                                     directory.last_checkpoint())));
}

}  // namespace pdarts
