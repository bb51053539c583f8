#ifndef PDARTS_CLI_RUN_SESSION_H_
#define PDARTS_CLI_RUN_SESSION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/dataset.h"
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

/// One run of a search or a training in its directory, from its opening to its result.
class RunSession {
 public:
  /// Opens the directory of a run and tells the user on standard error what should be known of it.
  /// \error as RunDirectory::Open and CompareProvenance.
  static absl::StatusOr<std::unique_ptr<RunSession>> Open(const std::string& path,
                                                          const google::protobuf::Message& spec,
                                                          const RunFlags& flags,
                                                          const Backend& backend,
                                                          const DatasetSplits& data);

  RunDirectory& directory() { return *directory_; }
  /// Of the run, with what has changed since it began.
  const Provenance& provenance() const { return provenance_; }
  /// The state that the run goes on from; null for a run that begins.
  const TrainingState* state() const;

  /// Writes the first line of a run that begins, or what changed for one that goes on. Recorder:
  /// SearchRecorder or TrainingRecorder. \error as RunDirectory::Log.
  template <class Recorder, class Event>
  absl::Status LogBegin(Recorder& recorder, const Event& begin) const {
    if (state() == nullptr) return recorder.Log("run_begin", begin);
    if (provenance_.changes().empty()) return absl::OkStatus();
    Event resume;
    *resume.mutable_notes() = provenance_.changes();
    return recorder.Log("resume", resume);
  }

  /// Trains. `train` is given where states go; a signal stops it.
  /// \error what `train` returns, with what a user needs to know where a run ended early.
  absl::Status Train(const RunClock& clock,
                     const std::function<absl::Status(Checkpointer*)>& train);

  /// Fills in what every result has: where it came from, what the run took, and when it ended.
  /// Result: RunResult or TrainResult.
  template <class Result>
  void Complete(const RunClock& clock, Result* result) const {
    CopyCommonFields(provenance_, result);
    SetCosts(clock.Costs(), result);
    result->set_finished(TimeNow());
  }

 private:
  RunSession(const RunFlags& flags, std::unique_ptr<RunDirectory> directory, Provenance provenance);
  absl::Status ExplainEnd(const absl::Status& status) const;

  const RunFlags flags_;
  const std::unique_ptr<RunDirectory> directory_;
  const Provenance provenance_;
};

/// Prints a result on standard output as JSON if --json asks for it; returns whether it does.
bool PrintedAsJson(const google::protobuf::Message& result);

}  // namespace pdarts

#endif  // PDARTS_CLI_RUN_SESSION_H_
