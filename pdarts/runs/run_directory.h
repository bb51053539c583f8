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
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/directory.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/json.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/runs/atomic_file.h"
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

/// What to do where the folder of a run exists already.
enum class RunStart {
  kGoOn,       ///< go on with an unfinished run of the same spec, else begin one
  kResume,     ///< only go on
  kOverwrite,  ///< begin one, also in place of a run that is there
};

/// The folder that one run writes, a search or a training. As long as the object lives, no other
/// process can open it. The run knows its folder by the lock in it, not by its path: the folder
/// stays open, and nothing is written or removed in it once the lock has been removed or replaced
/// (as with the whole folder, which another run may have now).
///
///   spec.textproto          the complete spec, as run (ExperimentSpec or TrainSpec)
///   log.jsonl               a line an event (LogEvent or TrainEvent)
///   events.out.tfevents     the log's numbers for TensorBoard
///   architecture.textproto  what was found, and why, or what is trained (DerivedArchitecture)
///   architecture.json       the architecture alone, as plain JSON
///   genotype.txt            the same in the space's own text form
///   samples.json            pictures of the first training images (TrainingSamples)
///   report.html             all of this as a page, and cell_KIND.svg and .pdf (pdarts/report)
///   result.json             what came out (RunResult or TrainResult); written last
///
/// Of a search:
///
///   supernet.safetensors    weights, alphas and statistics of the last stage's super-network
///
/// Of a training:
///
///   best.safetensors        weights and statistics of the epoch that was best on the test split
///   last.safetensors        those of the last epoch
///   model.json              what it takes to use the weights elsewhere (Model); the files of
///                           weights hold it too
///   mistakes.json           what the test images were taken for after the last epoch
///   (TestMistakes)
///
/// While it isn't finished also:
///
///   checkpoint.bin           the newest state (Checkpoint)
///   checkpoint.previous.bin  the one before
///   checkpoint.damaged.bin   one that could not be read when the run went on
///   lock                     the number of the process that writes, and its host
class RunDirectory {
 public:
  /// Prepares `path` for a run of `spec` from its beginning (makes the folder, writes the spec),
  /// or, where it holds a checkpoint, from there: the log is cut back to what it was then.
  /// \error kAlreadyExists if it holds a finished run, a run of another spec (naming what differs)
  /// that has a checkpoint or a whole epoch, and it isn't to be overwritten; kAlreadyExists also if
  /// it holds anything but a run, which is never overwritten; kFailedPrecondition if another
  /// process writes it, or if a checkpoint is of another spec or version of the format; kDataLoss
  /// if no checkpoint is whole; kNotFound for kResume where there is no run; as Directory::ReadFile
  /// if a file can't be read; as WriteFileAtomically.
  static absl::StatusOr<std::unique_ptr<RunDirectory>> Open(const std::string& path,
                                                            const google::protobuf::Message& spec,
                                                            RunStart start);

  const std::string& path() const { return directory_->path(); }

  /// Where an unfinished run goes on; unset for one that begins.
  const std::optional<Checkpoint>& checkpoint() const { return checkpoint_; }
  /// What a user should know of how the run was opened: it starts over, a checkpoint is damaged.
  const std::vector<std::string>& notes() const { return notes_; }

  /// Whether the folder is still this run's. Whatever writes or removes something in it asks first.
  /// \error kAborted if the lock was removed or replaced: as RunLock::CheckHeld.
  absl::Status CheckHeld() const { return lock_->CheckHeld(); }

  /// Replaces the newest checkpoint and keeps the one before; fills in the spec and the log's
  /// length. \error as CheckHeld and WriteFileAtomically; both files are as they were then.
  absl::Status WriteCheckpoint(Checkpoint checkpoint);
  /// File and place of the newest checkpoint, for a message; empty if there is none.
  const std::string& last_checkpoint() const { return last_checkpoint_; }

  /// Appends a line to the log, and its numbers to the event file.
  /// \error as CheckHeld and WriteFileAtomically; kInternal, before anything is written, if a
  /// number is not finite.
  absl::Status Log(const LogEvent& event);    ///< of a search
  absl::Status Log(const TrainEvent& event);  ///< of a training

  /// Write the other files. \error as CheckHeld and WriteFileAtomically.
  absl::Status WriteArchitecture(const DerivedArchitecture& architecture);
  absl::Status WriteSuperNet(const SuperNet& net);
  /// The files of weights that are written afterwards hold the model as metadata.
  absl::Status WriteModel(const Model& model);
  absl::Status WriteLastWeights(const Network& network);
  absl::Status WriteBestWeights(const Network& network);
  absl::Status WriteSamples(const TrainingSamples& samples);
  absl::Status WriteMistakes(const TestMistakes& mistakes);
  /// The end of the run: removes its checkpoints too. \error kInternal too, as Log.
  absl::Status WriteResult(const google::protobuf::Message& result);

 private:
  RunDirectory(std::unique_ptr<const Directory> directory, const google::protobuf::Message& spec,
               std::unique_ptr<RunLock> lock);
  absl::Status Write(const std::string& name, absl::string_view content,
                     const std::string& keep_as = "");
  absl::Status WriteWeightsOf(const torch::nn::Module& module, const std::string& name,
                              const std::map<std::string, std::string>& metadata);
  absl::Status Remove(const std::string& name);
  /// Removes what was half-written by a process that was killed.
  absl::Status RemoveTemporaries();
  absl::Status RemoveCheckpoints();
  /// Opens the event file for a log that holds these lines.
  absl::Status OpenEvents(const std::string& log);
  template <class Event>
  absl::Status LogRecord(const Event& event);
  /// Removes what an earlier run left.
  absl::Status Clear();
  absl::Status Begin();
  absl::Status GoOn();
  /// \error kDataLoss where the one before may still do.
  absl::Status GoOnFrom(const std::string& file);

  const std::unique_ptr<const Directory> directory_;
  const std::unique_ptr<const google::protobuf::Message> spec_;
  const std::string spec_text_;
  const std::unique_ptr<RunLock> lock_;
  LineFile log_;
  TensorboardWriter events_;
  std::optional<Checkpoint> checkpoint_;
  std::vector<std::string> notes_;
  std::string last_checkpoint_;
  std::map<std::string, std::string> model_;  ///< metadata of the weights
};

/// Reads the spec of a search.
/// \error kNotFound if `path` is no run directory; errors of Directory::ReadFile and ParseSpec.
absl::StatusOr<ExperimentSpec> ReadRunSpec(const std::string& path);

/// The spec of the unfinished training in `path`; nothing where there is none that can be read.
std::optional<TrainSpec> FindUnfinishedTraining(const std::string& path);

/// Reads the spec of a training. \error kNotFound if `path` is no run directory or holds no trained
/// weights (a search's); errors of Directory::ReadFile and ParseSpec.
absl::StatusOr<TrainSpec> ReadTrainingSpec(const std::string& path);

/// The file of a run's spec.
std::string RunSpecFile(const std::string& run);

/// The files of a training's best and last weights.
std::string BestWeightsFile(const std::string& run);
std::string LastWeightsFile(const std::string& run);

/// Reads the result of a finished run; of a training the row that RowOf makes of it.
/// \error kNotFound if there is none; kDataLoss if the file doesn't parse or a number is not
/// finite; as Directory::ReadFile.
absl::StatusOr<RunResult> ReadRunResult(const std::string& path);

/// The same of a finished training.
absl::StatusOr<TrainResult> ReadTrainResult(const std::string& path);

/// Pictures of a run's training images, and what a training's test images were taken for.
/// \error kNotFound if there are none, as in a run of an earlier version; else as ReadRunResult.
absl::StatusOr<TrainingSamples> ReadTrainingSamples(const std::string& path);
absl::StatusOr<TestMistakes> ReadTestMistakes(const std::string& path);

/// The result of the run in `path`; nothing where no finished run is.
/// \error kAlreadyExists naming what differs if that run is of another spec, or of one that can't
/// be parsed; as Directory::ReadFile; as ReadRunResult for a result that can't be read.
absl::StatusOr<std::optional<RunResult>> FindFinishedRun(const std::string& path,
                                                         const google::protobuf::Message& spec);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_DIRECTORY_H_
