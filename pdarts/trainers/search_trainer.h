#ifndef PDARTS_TRAINERS_SEARCH_TRAINER_H_
#define PDARTS_TRAINERS_SEARCH_TRAINER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/edge_probabilities.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/memory_limits.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/trainers/meter.h"
#include "pdarts/trainers/training_loop.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

class SuperNet;

/// A place in a search; stage and epoch count from 0.
struct SearchPosition : LoopPosition {
  StageShape shape;
  /// What the process is expected to hold at most in this stage, in bytes; 0 where it isn't known.
  int64_t expected_bytes = 0;
  /// How long the whole stage is expected to take on this machine; 0 where it isn't known.
  double expected_seconds = 0;
};

/// What an observer hears after every epoch.
struct EpochReport : LoopEpochReport {
  std::optional<double> alpha_loss;  ///< mean over the epoch's steps; unset while warming up
  std::optional<double> alpha_top1;
  std::optional<Accuracy> supernet;  ///< where it was measured
  std::vector<std::pair<std::string, double>> regularizers;
  const SuperNet* net = nullptr;
};

/// Hears how a search goes. An error stops the search.
class SearchObserver : public LoopObserver {
 public:
  virtual absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& net) {
    return absl::OkStatus();
  }
  /// Instead of OnStageBegin, when a search goes on within a stage. `position` names the first step
  /// that isn't done; step 0 if the epoch has not begun, and epoch `shape.epochs` if only the
  /// stage's end is left.
  virtual absl::Status OnResume(const SearchPosition& position, const SuperNet& net) {
    return absl::OkStatus();
  }
  virtual absl::Status OnEpochEnd(const EpochReport& report) { return absl::OkStatus(); }
  /// kept: the candidates that go on to the next stage.
  virtual absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& net,
                                  const Candidates& kept) {
    return absl::OkStatus();
  }
};

/// How a search runs; nothing here changes what it finds on one machine.
struct SearchOptions {
  /// Which memory stages may take on the CPU.
  MemoryPolicy memory;
  /// Where states go, and who may stop the search; null: nowhere.
  Checkpointer* checkpointer = nullptr;
  /// The state of a search of the same experiment to go on from; null: from the beginning. It does
  /// not depend on the number of processes.
  const TrainingState* resume = nullptr;
  /// The processes that search together. Each of them calls RunSearch with the same arguments but
  /// for the communicator, and finds the same. Observer and checkpointer are called on every
  /// process at the same places, and with the same numbers; both must return the same on all
  /// processes.
  Communicator* communicator = &SingleProcess();
};

/// What one search found.
struct SearchResult {
  /// The architecture and its trace, whose notes also say where pruning kept something else than
  /// the schedule asked for, and which stages did not train their alphas (AlphaTrainingNotes). An
  /// error of SearchSpace::Derive loses nothing that was trained: it stands here, beside the
  /// network.
  absl::StatusOr<Derivation> derivation;
  std::shared_ptr<SuperNet> net;  ///< of the last stage
  Accuracy supernet;              ///< measured in the last epoch
};

/// Runs a whole progressive search and derives one architecture from it (docs/algorithm.md, "Stages
/// and pruning" and "Derivation").
/// Everything random comes from generators seeded by the spec, so that one seed and one number of
/// threads on one machine give the same alphas bit for bit, also when it goes on from a state.
/// \error what the plugins, except for Derive, and the observer return; kInvalidArgument if the
/// data leave a half empty, or a batch of one image that a stage can't train on, or a batch has
/// fewer images than there are processes; kUnavailable if another process has ended;
/// kResourceExhausted before a stage whose memory isn't free on one of the processes, with the
/// batch size that would fit, and, naming stage, epoch and step, if memory can't be allocated;
/// kInternal naming stage, epoch and step if a loss, an alpha or a weight isn't finite, or LibTorch
/// throws; kDataLoss if the state to resume doesn't fit the experiment; kCancelled, the state
/// saved, if the checkpointer asked to stop.
absl::StatusOr<SearchResult> RunSearch(const Experiment& experiment, const DatasetSplits& data,
                                       const SearchOptions& options, SearchObserver* observer);

/// The first images of the first epoch that a search trains weights on, at most `most`, as the
/// super-network is given them.
/// \error as SplitTrainingImages, Transforms::ForSearch and Loader::Next; kResourceExhausted or
/// kInternal if LibTorch throws.
absl::StatusOr<BatchPixels> FirstImages(const Experiment& experiment, const DatasetSplits& data,
                                        int64_t most);

/// What a stage that isn't the last began with, the probabilities at its end, and what was kept.
struct PrunedStage {
  StageEdges before;
  Candidates kept;
};

/// Adds to every edge of a derivation's trace what the stages pruned from it.
void AddPruningHistory(const Topology& topology, const std::vector<PrunedStage>& history,
                       DerivationTrace* trace);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_SEARCH_TRAINER_H_
