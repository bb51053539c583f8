#ifndef PDARTS_SESSIONS_RUN_SESSION_H_
#define PDARTS_SESSIONS_RUN_SESSION_H_

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/message.h"
#include "pdarts/base/process.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/runs/costs.h"
#include "pdarts/runs/provenance.h"
#include "pdarts/runs/run_clock.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/sessions/session_options.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// How a run is started and stored.
struct RunSetup {
  RunStart start = RunStart::kResumeOrBegin;
  double checkpoint_minutes = 0;
  int given_threads = 0;          ///< SessionOptions::threads
  int threads = 1;                ///< already set in LibTorch
  int processes_here = 1;         ///< processes on this machine that compute the run together
  std::ostream* notes = nullptr;  ///< SessionOptions::notes
  /// SessionOptions::resume_command
  std::function<std::string(const std::string& run)> resume_command;
};

/// Checks the options of a run, and sets the number of threads.
/// \error kInvalidArgument naming the option.
absl::StatusOr<RunSetup> SetUpRun(const SessionOptions& options);

/// Checks, before anything is computed, that all processes of a run were started in the same way:
/// with the same command, spec, program, LibTorch and kernels. Collective.
/// \param command the command of the user: "search", "search --dry_run".
/// \error as CheckAllTheSame; as reading the file of the program.
absl::Status CheckSameStart(Communicator& communicator, const std::string& command,
                            const google::protobuf::Message& spec, const Backend& backend);

/// Counts the processes of the run on this machine. If the user gave no number of threads,
/// processes that may use the same processors divide the processors among themselves. Collective.
/// \error as Communicator::AllReduce.
absl::Status ShareMachine(Communicator& communicator, RunSetup* setup);

/// A run of a search or a training in its directory, from the opening of the directory to the
/// result. If several processes compute the run, each process has a session. Only the session of
/// process 0 has the directory. Errors that all processes know are MarkAgreed.
class RunSession {
 public:
  /// Opens the directory of a run, and tells the user by notes what is unusual about it.
  /// Collective. \param communicator must outlive the session.
  /// \error as RunDirectory::Open and CompareProvenance; kFailedPrecondition if the processes have
  /// read different data.
  static absl::StatusOr<std::unique_ptr<RunSession>> Open(
      const std::string& path, const google::protobuf::Message& spec, const RunSetup& setup,
      const Backend& backend, const DatasetSplits& data, Communicator& communicator);

  /// Whether this process writes the files of the run and prints its messages.
  bool writes() const { return directory_ != nullptr; }
  /// Call it only if writes() is true.
  RunDirectory& directory() { return *directory_; }
  /// The provenance of the run, with the changes since the run began.
  const Provenance& provenance() const { return provenance_; }
  /// The training state from which the run resumes; null for a new run.
  const TrainingState* state() const;

  /// Writes the first line of a new run, or the changes of a resumed run. `Recorder` is
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

  /// Trains. `train` gets the checkpointer that stores the states. A signal to any process stops
  /// all processes. Collective. \param clock the clock of the run; null if this process does not
  /// write. \error the error of `train`, with what a user needs to know if the run ended early.
  absl::Status Train(const RunClock* clock,
                     const std::function<absl::Status(Checkpointer*)>& train);

  /// Sets the fields that every result has: the provenance, the costs of the run, and the time of
  /// its end. `Result` is RunResult or TrainResult.
  template <class Result>
  void Complete(const RunClock& clock, Result* result) const {
    CopyCommonFields(provenance_, result);
    SetCosts(clock.Costs(), result);
    for (const std::string& kernels : UsedKernels()) result->add_kernels_used(kernels);
    result->set_finished(TimeNow());
  }

 private:
  RunSession(const RunSetup& setup, Provenance provenance, Communicator* communicator);
  absl::Status OpenDirectory(const std::string& path, const google::protobuf::Message& spec);
  /// Sends the state that process 0 has read to every process.
  absl::Status ShareState();
  /// Tells all processes which signal stopped one of them.
  absl::Status ShareSignal() const;
  absl::Status ExplainEnd(const absl::Status& status) const;

  const RunSetup setup_;
  Provenance provenance_;
  Communicator* const communicator_;
  std::unique_ptr<RunDirectory> directory_;
  std::optional<Checkpoint> received_;  ///< the checkpoint in a process that does not write
};

/// The text about the memory of the device of a result: " and 1.25 GB of the device"; empty for a
/// run on the CPU. Result: RunResult or TrainResult.
template <class Result>
std::string DeviceMemoryText(const Result& result) {
  return result.has_device_mem_gb()
             ? absl::StrFormat(" and %.2f GB of the device", result.device_mem_gb())
             : "";
}

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_RUN_SESSION_H_
