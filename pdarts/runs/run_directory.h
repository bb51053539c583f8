#ifndef PDARTS_RUNS_RUN_DIRECTORY_H_
#define PDARTS_RUNS_RUN_DIRECTORY_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/json.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/runs/checkpoint.h"
#include "pdarts/runs/model.pb.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/run_images.pb.h"
#include "pdarts/runs/run_lock.h"
#include "pdarts/runs/tensorboard_writer.h"
#include "pdarts/runs/training.pb.h"

namespace torch::nn {
class Module;
}  // namespace torch::nn

namespace pdarts {

class Network;
class SuperNet;

/// The action if the folder of a run exists.
enum class RunStart {
  kResumeOrBegin,  ///< resume an unfinished run of the same spec; if there is none, begin a run
  kResume,         ///< only resume
  kOverwrite,      ///< begin a run, and replace a run that exists
};

/// The folder of one run, a search or a training. As long as the object lives, no other process can
/// open the folder. The run recognizes its folder by the lock in it, not by the path. The folder
/// stays open. If the lock has been removed or replaced (for example with the whole folder, which
/// may belong to another run now), the run neither writes nor removes anything in the folder.
///
///   spec.textproto          the complete spec of the run (ExperimentSpec or TrainSpec)
///   log.jsonl               a line for each event (LogEvent or TrainEvent)
///   events.out.tfevents     the numbers of the log for TensorBoard
///   architecture.textproto  the derived architecture with its derivation trace, or the trained
///                           architecture (DerivedArchitecture)
///   architecture.json       the architecture alone, as plain JSON
///   genotype.txt            the architecture in the text form of the search space
///   samples.json            the first training images (TrainingSamples)
///   report.html             the report, and cell_KIND.svg and .pdf (pdarts/report)
///   result.json             the result (RunResult or TrainResult); written last
///
/// A search also has:
///
///   supernet.safetensors    weights, alphas and running statistics of the last super-network
///
/// A training also has:
///
///   best.safetensors        weights and running statistics of the epoch with the best accuracy
///                           on the test split
///   last.safetensors        weights and running statistics of the last epoch
///   model.json              what another program needs to use the weights (Model); the files
///                           of weights hold it as well
///   mistakes.json           the predicted classes of the test images after the last epoch
///   (TestMistakes)
///
/// An unfinished run also has:
///
///   checkpoint.bin           the newest checkpoint (Checkpoint)
///   checkpoint.previous.bin  the checkpoint before the newest
///   checkpoint.damaged.bin   a checkpoint that could not be read when the run was resumed
///   lock                     the number of the process that writes the run, and its host
class RunDirectory {
 public:
  /// Prepares `path` for a run of `spec`. A new run begins: its folder is made and its spec is
  /// written. A run that has a checkpoint resumes from the checkpoint: its log is cut back to the
  /// length that it had then.
  /// \error kAlreadyExists if the folder holds a finished run, or a run of another spec that has a
  /// checkpoint or a complete epoch, and may not be overwritten (the message names the
  /// differences); kAlreadyExists also if the folder holds anything else than a run, because that
  /// is never overwritten; kFailedPrecondition if another process writes the run, or if a
  /// checkpoint belongs to another spec or another version of the format; kDataLoss if no
  /// checkpoint is complete; kNotFound for kResume if there is no run; as Directory::ReadFile if a
  /// file cannot be read; as WriteFileAtomically.
  static absl::StatusOr<std::unique_ptr<RunDirectory>> Open(const std::string& path,
                                                            const google::protobuf::Message& spec,
                                                            RunStart start);

  const std::string& path() const { return directory_->path(); }

  /// The checkpoint from which an unfinished run resumes; unset for a new run.
  const std::optional<Checkpoint>& checkpoint() const { return checkpoint_; }
  /// Notes for the user about the opening of the run: that it starts over, or that a
  /// checkpoint is damaged.
  const std::vector<std::string>& notes() const { return notes_; }

  /// Whether the folder still belongs to this run. Every function that writes or removes something
  /// in the folder calls CheckHeld first.
  /// \error kAborted if the lock was removed or replaced: as RunLock::CheckHeld.
  absl::Status CheckHeld() const { return lock_->CheckHeld(); }

  /// Replaces the newest checkpoint, and keeps the one before. Sets the spec and the length of the
  /// log in the checkpoint. \error as CheckHeld and WriteFileAtomically; after an error, both
  /// checkpoints are unchanged.
  absl::Status WriteCheckpoint(Checkpoint checkpoint);
  /// File and place of the newest checkpoint, for a message; empty if there is no checkpoint.
  const std::string& last_checkpoint() const { return last_checkpoint_; }

  /// Appends a line to the log, and the numbers of the line to the event file.
  /// \error as CheckHeld and WriteFileAtomically; kInternal, before anything is written, if a
  /// number is not finite.
  absl::Status Log(const LogEvent& event);    ///< of a search
  absl::Status Log(const TrainEvent& event);  ///< of a training

  /// The following functions write the other files. \error as CheckHeld and WriteFileAtomically.
  absl::Status WriteArchitecture(const DerivedArchitecture& architecture);
  absl::Status WriteSuperNet(const SuperNet& super_net);
  /// Files of weights that are written afterwards hold the model in their metadata.
  absl::Status WriteModel(const Model& model);
  absl::Status WriteLastWeights(const Network& network);
  absl::Status WriteBestWeights(const Network& network);
  absl::Status WriteSamples(const TrainingSamples& samples);
  absl::Status WriteMistakes(const TestMistakes& mistakes);
  /// Writes the result, which ends the run, and removes the checkpoints. \error as CheckHeld and
  /// WriteFileAtomically; kInternal as Log.
  absl::Status WriteResult(const google::protobuf::Message& result);

 private:
  RunDirectory(std::unique_ptr<const Directory> directory, const google::protobuf::Message& spec,
               std::unique_ptr<RunLock> lock);
  absl::Status Write(const std::string& name, absl::string_view content,
                     const std::string& keep_as = "");
  absl::Status WriteWeightsOf(const torch::nn::Module& module, const std::string& name,
                              const std::map<std::string, std::string>& metadata);
  absl::Status Remove(const std::string& name);
  /// Removes the half-written files of a process that was killed.
  absl::Status RemoveTemporaries();
  absl::Status RemoveCheckpoints();
  /// Opens the event file for a log with these lines.
  absl::Status OpenEvents(const std::string& log);
  template <class Event>
  absl::Status LogRecord(const Event& event);
  /// Removes the files of an earlier run.
  absl::Status Clear();
  absl::Status Begin();
  absl::Status Resume();
  /// \error kDataLoss if the checkpoint is damaged and the one before may be used instead.
  absl::Status ResumeFrom(const std::string& file);

  const std::unique_ptr<const Directory> directory_;
  const std::unique_ptr<const google::protobuf::Message> spec_;
  const std::string spec_text_;
  const std::unique_ptr<RunLock> lock_;
  LineFile log_;
  TensorboardWriter events_;
  std::optional<Checkpoint> checkpoint_;
  std::vector<std::string> notes_;
  std::string last_checkpoint_;
  std::map<std::string, std::string> model_;  ///< metadata of the files of weights
};

/// Reads the spec of a search.
/// \error kNotFound if `path` is not a run directory; as Directory::ReadFile and ParseSpec.
absl::StatusOr<ExperimentSpec> ReadRunSpec(const std::string& path);

/// The spec of the unfinished training in `path`; unset if there is no such training, or if its
/// spec cannot be read.
std::optional<TrainSpec> FindUnfinishedTraining(const std::string& path);

/// Reads the spec of a training. \error kNotFound if `path` is not a run directory, or holds no
/// trained weights because the run is a search; as Directory::ReadFile and ParseSpec.
absl::StatusOr<TrainSpec> ReadTrainingSpec(const std::string& path);

/// The path of a run's spec.
std::string RunSpecFile(const std::string& run);

/// The paths of a training's best and last weights.
std::string BestWeightsFile(const std::string& run);
std::string LastWeightsFile(const std::string& run);

/// Reads the result of a finished run. For a training, this is the row that RowOf makes of its
/// result.
/// \error kNotFound if there is no result; kDataLoss if the file does not parse or a number is not
/// finite; as Directory::ReadFile.
absl::StatusOr<RunResult> ReadRunResult(const std::string& path);

/// Reads the result of a finished training.
absl::StatusOr<TrainResult> ReadTrainResult(const std::string& path);

/// Training images of a run, and the predicted classes of a training's test images.
/// \error kNotFound if there are none, as in a run of an earlier version; otherwise as
/// ReadRunResult.
absl::StatusOr<TrainingSamples> ReadTrainingSamples(const std::string& path);
absl::StatusOr<TestMistakes> ReadTestMistakes(const std::string& path);

/// The result of the run in `path`; unset if there is no finished run.
/// \error kAlreadyExists naming the differences if that run has another spec, or a spec that cannot
/// be parsed; as Directory::ReadFile; as ReadRunResult for a result that cannot be read.
absl::StatusOr<std::optional<RunResult>> FindFinishedRun(const std::string& path,
                                                         const google::protobuf::Message& spec);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_DIRECTORY_H_
