#ifndef PDARTS_TRAINERS_SEARCH_TRAINER_H_
#define PDARTS_TRAINERS_SEARCH_TRAINER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/base/memory_limits.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/edge_probabilities.h"
#include "pdarts/core/experiment.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/trainers/meter.h"
#include "pdarts/trainers/training_loop.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

class SuperNet;

/// A place in a search. Stage and epoch count from 0.
struct SearchPosition : LoopPosition {
  StageShape shape;
  /// The memory estimate of the process in this stage, in bytes; 0 if it is not known.
  int64_t expected_bytes = 0;
  /// The time estimate of the complete stage on this machine, in seconds; 0 if it is not known.
  double expected_seconds = 0;
};

/// The report to an observer after every epoch.
struct EpochReport : LoopEpochReport {
  std::optional<double> alpha_loss;  ///< mean over the epoch's steps; unset during the warm-up
  std::optional<double> alpha_top1;
  std::optional<Accuracy> supernet;  ///< if it was measured
  std::vector<std::pair<std::string, double>> regularizers;
  const SuperNet* super_net = nullptr;
};

/// Hears the progress of a search. An error stops the search.
class SearchObserver : public LoopObserver {
 public:
  virtual absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& super_net) {
    return absl::OkStatus();
  }
  /// Called instead of OnStageBegin if a search is resumed within a stage. `position` states the
  /// first step that is not done. Its step is 0 if the epoch has not begun. Its epoch is
  /// `shape.epochs` if only the end of the stage is left.
  virtual absl::Status OnResume(const SearchPosition& position, const SuperNet& super_net) {
    return absl::OkStatus();
  }
  virtual absl::Status OnEpochEnd(const EpochReport& report) { return absl::OkStatus(); }
  /// kept: the candidates that the stage keeps.
  virtual absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& super_net,
                                  const Candidates& kept) {
    return absl::OkStatus();
  }
};

/// Options of a search. They do not change its result on the same machine.
struct SearchOptions {
  /// Which memory stages may use (EstimateStageMemory).
  MemoryPolicy memory;
  /// Saves states, and may stop the search; null: no states are saved.
  Checkpointer* checkpointer = nullptr;
  /// The state from which a search of the same experiment is resumed; null: the search begins. The
  /// state does not depend on the number of processes.
  const TrainingState* resume = nullptr;
  /// The processes that search together. Each process calls RunSearch with the same arguments,
  /// except for the communicator, and gets the same result. Observer and checkpointer are called on
  /// every process at the same places and with the same numbers. Both must return the same on all
  /// processes.
  Communicator* communicator = &SingleProcess();
};

/// The result of a search.
struct SearchResult {
  /// The architecture and its trace. The notes of the trace also state where pruning changed the
  /// choice of the schedule, and which stages did not train their alphas (AlphaTrainingNotes). An
  /// error of SearchSpace::Derive is stored here, so that the trained network is not lost.
  absl::StatusOr<Derivation> derivation;
  std::shared_ptr<SuperNet> super_net;  ///< of the last stage
  Accuracy supernet;                    ///< measured in the last epoch
};

/// Runs a complete progressive search and derives one architecture from it (docs/algorithm.md,
/// "Stages and pruning" and "Derivation"). All random numbers come from generators with the seed of
/// the spec. The same seed and the same number of threads on the same machine give the same alphas
/// bit for bit, also if the search is resumed.
/// \error of the plugins (except Derive) and the observer; kInvalidArgument if the data leave a
/// half empty, if a batch has only one image and a stage cannot train on it, or if a batch has
/// fewer images than there are processes; kUnavailable if another process has ended;
/// kResourceExhausted before a stage if one of the processes has too little free memory, with the
/// batch size that would fit; kResourceExhausted naming stage, epoch and step if memory cannot be
/// allocated; kInternal naming stage, epoch and step if a loss, an alpha or a weight is not finite,
/// or if LibTorch throws; kDataLoss if the state does not fit the experiment; kCancelled, after
/// saving the state, if the checkpointer asks to stop.
absl::StatusOr<SearchResult> RunSearch(const Experiment& experiment, const DatasetSplits& data,
                                       const SearchOptions& options, SearchObserver* observer);

/// At most `most` of the first images of the first epoch that train weights, as the super-network
/// gets them.
/// \error as SplitTrainingImages, Transforms::ForSearch and Loader::Next; kResourceExhausted or
/// kInternal if LibTorch throws.
absl::StatusOr<BatchPixels> FirstImages(const Experiment& experiment, const DatasetSplits& data,
                                        int64_t most);

/// For a stage that is not the last: the candidates at its beginning, the probabilities at its end,
/// and the candidates that it kept.
struct PrunedStage {
  StageEdges before;
  Candidates kept;
};

/// Adds the pruned candidates of all stages to every edge of a derivation trace.
void AddPruningHistory(const Topology& topology, const std::vector<PrunedStage>& history,
                       DerivationTrace* trace);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_SEARCH_TRAINER_H_
