#ifndef PDARTS_CLI_RUN_SESSION_H_
#define PDARTS_CLI_RUN_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/message.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/core/memory_limits.h"
#include "pdarts/core/process.h"
#include "pdarts/runs/costs.h"
#include "pdarts/runs/provenance.h"
#include "pdarts/runs/run_clock.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// Prints notes for the user on standard error, a line each.
void Tell(const std::vector<std::string>& notes);

/// How the command line asks for a run to be started and kept.
struct RunFlags {
  RunStart start = RunStart::kGoOn;
  double checkpoint_minutes = 0;
  int threads = 1;         ///< already set
  int processes_here = 1;  ///< that compute the run together on this machine
};

/// Sets how many threads LibTorch's operators use from --threads; returns the number.
/// \error kInvalidArgument if it is negative, or so large that the threads would hinder each other.
absl::StatusOr<int> SetThreadsFromFlags();

/// Which memory a command may take, from --allow_swap. processes: that take as much each on this
/// machine.
MemoryPolicy MemoryPolicyFromFlags(int processes = 1);

/// Reads --resume, --overwrite, --checkpoint_minutes and --threads, and sets the threads.
/// \error kInvalidArgument naming the flag.
absl::StatusOr<RunFlags> RunFlagsFromCommandLine();

/// Checks, before anything is computed, that all processes of a run were started in the same way:
/// with the same command, spec, program, LibTorch and kernels. Collective.
/// \param command what the user has called: "search", "search --dry_run".
/// \error as CheckAllTheSame; of reading the program's file.
absl::Status CheckSameStart(Communicator& communicator, const std::string& command,
                            const google::protobuf::Message& spec, const Backend& backend);

/// Counts the processes of the run on this machine. Those that may use the same processors share
/// them where --threads does not say how many threads each has. Collective.
/// \error as Communicator::AllReduce.
absl::Status ShareMachine(Communicator& communicator, RunFlags* flags);

/// One run of a search or a training in its directory, from its opening to its result. Where
/// several processes compute the run, each has a session, and the first one has the directory.
/// Errors that are known to all processes are MarkAgreed.
class RunSession {
 public:
  /// Opens the directory of a run and tells the user on standard error what should be known of it.
  /// Collective. \param communicator must outlive the session.
  /// \error as RunDirectory::Open and CompareProvenance; kFailedPrecondition if the processes have
  /// read different data.
  static absl::StatusOr<std::unique_ptr<RunSession>> Open(
      const std::string& path, const google::protobuf::Message& spec, const RunFlags& flags,
      const Backend& backend, const DatasetSplits& data, Communicator& communicator);

  /// Whether this process writes the run's files and says what becomes of it.
  bool writes() const { return directory_ != nullptr; }
  /// Only where writes().
  RunDirectory& directory() { return *directory_; }
  /// Of the run, with what has changed since it began.
  const Provenance& provenance() const { return provenance_; }
  /// The state that the run goes on from; null for a run that begins.
  const TrainingState* state() const;

  /// Writes the first line of a run that begins, or what changed for one that goes on. Recorder:
  /// SearchRecorder or TrainingRecorder. \error as RunDirectory::Log.
  template <class Recorder, class Event>
  absl::Status LogBegin(Recorder& recorder, const Event& begin) const {
    recorder.SetProcesses(provenance_.processes());
    if (state() == nullptr) return recorder.Log("run_begin", begin);
    if (provenance_.changes().empty()) return absl::OkStatus();
    Event resume;
    *resume.mutable_notes() = provenance_.changes();
    return recorder.Log("resume", resume);
  }

  /// Trains. `train` is given where states go; a signal to any process stops all of them.
  /// Collective. \param clock of the run; null where this process does not write. \error what
  /// `train` returns, with what a user needs to know where a run ended early.
  absl::Status Train(const RunClock* clock,
                     const std::function<absl::Status(Checkpointer*)>& train);

  /// Fills in what every result has: where it came from, what the run took, and when it ended.
  /// Result: RunResult or TrainResult.
  template <class Result>
  void Complete(const RunClock& clock, Result* result) const {
    CopyCommonFields(provenance_, result);
    SetCosts(clock.Costs(), result);
    for (const std::string& kernels : UsedKernels()) result->add_kernels_used(kernels);
    result->set_finished(TimeNow());
  }

 private:
  RunSession(const RunFlags& flags, Provenance provenance, Communicator* communicator);
  absl::Status OpenDirectory(const std::string& path, const google::protobuf::Message& spec);
  /// Gives every process the state that process 0 has read.
  absl::Status ShareState();
  /// Tells all processes which signal has stopped one of them.
  absl::Status ShareSignal() const;
  absl::Status ExplainEnd(const absl::Status& status) const;

  const RunFlags flags_;
  Provenance provenance_;
  Communicator* const communicator_;
  std::unique_ptr<RunDirectory> directory_;
  std::optional<Checkpoint> received_;  ///< by a process that does not write
};

/// What a result says of the memory of its device: " and 1.25 GB of the device"; empty for a run on
/// the CPU. Result: RunResult or TrainResult.
template <class Result>
std::string DeviceMemoryText(const Result& result) {
  return result.has_device_mem_gb()
             ? absl::StrFormat(" and %.2f GB of the device", result.device_mem_gb())
             : "";
}

/// Prints a result on standard output as JSON if --json asks for it; returns whether it does.
bool PrintedAsJson(const google::protobuf::Message& result);

}  // namespace pdarts

#endif  // PDARTS_CLI_RUN_SESSION_H_
