#include "pdarts/cli/run_session.h"

#include <iostream>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "pdarts/cli/build_info.h"
#include "pdarts/cli/device.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/interrupt.h"
#include "pdarts/core/json.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/run_checkpointer.h"

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

Provenance MakeProvenance(const Backend& backend, const DatasetSplits& data, int threads) {
  Provenance provenance;
  provenance.set_version(BuildVersion());
  provenance.set_commit(BuildCommit());
  provenance.set_libtorch(LibTorchVersion());
  provenance.set_cpu(CpuName());
  provenance.set_device(backend.device.str());
  provenance.set_kernels(BackendName(backend));
  provenance.set_threads(threads);
  provenance.set_dataset_source(data.source);
  provenance.set_dataset_checksum(data.checksum);
  return provenance;
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

RunSession::RunSession(const RunFlags& flags, std::unique_ptr<RunDirectory> directory,
                       Provenance provenance)
    : flags_(flags), directory_(std::move(directory)), provenance_(std::move(provenance)) {}

absl::StatusOr<std::unique_ptr<RunSession>> RunSession::Open(const std::string& path,
                                                             const google::protobuf::Message& spec,
                                                             const RunFlags& flags,
                                                             const Backend& backend,
                                                             const DatasetSplits& data) {
  Provenance provenance = MakeProvenance(backend, data, flags.threads);
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<RunDirectory> directory,
                          RunDirectory::Open(path, spec, flags.start));
  Tell(directory->notes());
  if (const auto& checkpoint = directory->checkpoint()) {
    const Provenance& before = checkpoint->run.provenance();
    PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> changes,
                            CompareProvenance(before, provenance));
    *provenance.mutable_changes() = before.changes();
    for (const std::string& change : changes) {
      Tell({absl::StrCat(change, ": the run may end otherwise than it would have")});
      provenance.add_changes(absl::StrCat(checkpoint->state.place, ": ", change));
    }
  }
  return std::unique_ptr<RunSession>(
      new RunSession(flags, std::move(directory), std::move(provenance)));
}

const TrainingState* RunSession::state() const {
  return directory_->checkpoint() ? &directory_->checkpoint()->state : nullptr;
}

absl::Status RunSession::Train(const RunClock& clock,
                               const std::function<absl::Status(Checkpointer*)>& train) {
  RunCheckpointer::Options options;
  options.provenance = provenance_;
  options.minutes = flags_.checkpoint_minutes;
  options.stop_requested = [] { return InterruptSignal() != 0; };
  RunCheckpointer checkpointer(directory_.get(), &clock, std::move(options));
  absl::Status trained;
  {
    const InterruptGuard guard;
    trained = train(&checkpointer);
  }
  return trained.ok() ? trained : ExplainEnd(trained);
}

absl::Status RunSession::ExplainEnd(const absl::Status& status) const {
  if (absl::IsCancelled(status)) {
    return absl::CancelledError(
        absl::StrCat("stopped; the state is in ", directory_->last_checkpoint(),
                     ". If you move the run, name its new folder by --output_dir. To go on:\n  ",
                     CommandToGoOn(directory_->path())));
  }
  // What is in the directory now may be another run's.
  if (!directory_->CheckHeld().ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), "; ",
                                   directory_->last_checkpoint().empty()
                                       ? std::string("there is no checkpoint yet")
                                       : absl::StrCat("the last good checkpoint is ",
                                                      directory_->last_checkpoint())));
}

bool PrintedAsJson(const google::protobuf::Message& result) {
  if (!absl::GetFlag(FLAGS_json)) return false;
  std::cout << ToJsonLine(result) << "\n";
  return true;
}

}  // namespace pdarts
