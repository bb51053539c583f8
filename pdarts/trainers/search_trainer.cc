#include "pdarts/trainers/search_trainer.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/super_net.h"
#include "pdarts/processes/agreement.h"
#include "pdarts/trainers/alpha_training.h"
#include "pdarts/trainers/data_parallel.h"
#include "pdarts/trainers/loop_state.pb.h"
#include "pdarts/trainers/memory_estimate.h"
#include "pdarts/trainers/pruning.h"
#include "pdarts/trainers/smallest_batch.h"
#include "pdarts/trainers/stage_time.h"
#include "pdarts/trainers/stage_trainer.h"
#include "pdarts/trainers/training_halves.h"

namespace pdarts {
namespace {

/// The beginning of a search: the first stage, or the place of a saved state.
struct Start {
  int stage = 0;
  Candidates candidates;
  std::vector<PrunedStage> history;
  std::optional<LoopProgress> progress;  ///< set if the search is resumed
};

/// The previous stages of a state. \error kDataLoss if they do not fit the topology.
absl::StatusOr<std::vector<PrunedStage>> ReadHistory(const SearchProgress& progress,
                                                     const Topology& topology) {
  std::vector<PrunedStage> history;
  for (const PrunedStageState& state : progress.history()) {
    PrunedStage& stage = history.emplace_back();
    PDARTS_ASSIGN_OR_RETURN(stage.before, DecodeEdges(state.before(), topology));
    PDARTS_ASSIGN_OR_RETURN(stage.kept, DecodeCandidates(state.kept(), topology));
  }
  return history;
}

SearchProgress HistoryState(const std::vector<PrunedStage>& history, const Topology& topology) {
  SearchProgress progress;
  for (const PrunedStage& stage : history) {
    PrunedStageState* state = progress.add_history();
    *state->mutable_before() =
        EncodeEdges(topology, stage.before.candidates, &stage.before.probabilities);
    *state->mutable_kept() = EncodeEdges(topology, stage.kept);
  }
  return progress;
}

absl::StatusOr<Start> FindStart(const Experiment& experiment, const TrainingState* resume) {
  const Topology& topology = experiment.space->topology();
  Start start;
  PDARTS_ASSIGN_OR_RETURN(start.candidates, experiment.space->InitialCandidates());
  if (resume == nullptr) return start;
  PDARTS_ASSIGN_OR_RETURN(LoopProgress progress, ReadProgress(*resume, kSearchTrainer));
  const SearchProgress& search = progress.search();
  if (progress.stage() < 0 || progress.stage() >= experiment.schedule->num_stages() ||
      search.history_size() != progress.stage()) {
    return StateDoesNotFit(
        absl::StrCat("stage ", progress.stage(), " after ", search.history_size()));
  }
  absl::StatusOr<Candidates> candidates = DecodeCandidates(search.candidates(), topology);
  if (!candidates.ok()) return StateDoesNotFit(candidates.status().message());
  absl::StatusOr<std::vector<PrunedStage>> history = ReadHistory(search, topology);
  if (!history.ok()) return StateDoesNotFit(history.status().message());
  start.stage = progress.stage();
  start.candidates = *std::move(candidates);
  start.history = *std::move(history);
  start.progress = std::move(progress);
  return start;
}

absl::StatusOr<SearchResult> RunStages(const Experiment& experiment, const DatasetSplits& data,
                                       const SearchOptions& options, SearchObserver* observer) {
  PDARTS_ASSIGN_OR_RETURN(
      const TrainingHalves halves,
      SplitTrainingImages(data.train->size(), experiment.spec.search().train_images(),
                          experiment.spec.search().weights_share()));
  Communicator& communicator = *options.communicator;
  PDARTS_RETURN_IF_ERROR(
      CheckShares("search.batch_size", experiment.spec.search().batch_size(), communicator));
  PDARTS_RETURN_IF_ERROR(CheckSmallestBatches(experiment, data.train->size(), communicator.size()));
  const int num_stages = experiment.schedule->num_stages();
  PDARTS_ASSIGN_OR_RETURN(const Regularizers regularizers, experiment.MakeRegularizers());
  PDARTS_ASSIGN_OR_RETURN(Start start, FindStart(experiment, options.resume));
  Candidates candidates = std::move(start.candidates);
  std::vector<PrunedStage> history = std::move(start.history);
  SearchResult result;
  for (int stage = start.stage; stage < num_stages; ++stage) {
    result.super_net.reset();  // frees the memory of the previous stage first
    StageTrainer trainer(experiment, regularizers, data, halves, stage,
                         HistoryState(history, experiment.space->topology()), observer,
                         communicator);
    if (HasMemoryEstimates(experiment.backend.device)) {
      const absl::StatusOr<MemoryEstimate> estimate = EstimateStageMemory(
          experiment, stage, candidates,
          StageBatches(experiment.spec.search(), &data, &halves, communicator.size()),
          options.memory);
      PDARTS_RETURN_IF_ERROR(
          Agree(communicator, estimate.ok() ? estimate->CheckFits() : estimate.status()));
      trainer.set_expected_bytes(estimate->PeakBytes());
    }
    if (!start.progress) {
      // A failed time estimate does not end the search. If something is wrong, the steps of the
      // search report it.
      const absl::StatusOr<double> seconds =
          StageTimer(experiment, data)
              .Seconds(stage, candidates, NumBatches(halves.weights.size(0), communicator.size()),
                       NumBatches(halves.alphas.size(0), communicator.size()));
      if (seconds.ok()) trainer.set_expected_seconds(*seconds);
    }
    PDARTS_RETURN_IF_ERROR(CatchLibTorchErrors(
        [&]() -> absl::Status {
          PDARTS_RETURN_IF_ERROR(trainer.Build(candidates));
          return start.progress ? trainer.Restore(*options.resume, *start.progress)
                                : trainer.Begin();
        },
        absl::StrCat("stage ", stage + 1)));
    start.progress.reset();
    PDARTS_RETURN_IF_ERROR(trainer.Train(options.checkpointer));
    result.super_net = trainer.super_net();
    result.supernet = trainer.accuracy();
    StageEdges end = {candidates, result.super_net->Probabilities()};
    PDARTS_ASSIGN_OR_RETURN(StagePruning pruning,
                            PruneStage(experiment, stage, end.candidates, end.probabilities));
    PDARTS_RETURN_IF_ERROR(
        observer->OnStageEnd(trainer.position(), *result.super_net, pruning.kept));
    if (stage + 1 == num_stages) {
      result.derivation = experiment.space->Derive(end.candidates, end.probabilities,
                                                   experiment.derivation_options);
    } else {
      history.push_back({std::move(end), pruning.kept});
      candidates = std::move(pruning.kept);
    }
  }
  if (!result.derivation.ok()) return result;
  DerivationTrace& trace = result.derivation->trace;
  AddPruningHistory(experiment.space->topology(), history, &trace);
  for (int stage = 0; stage < num_stages; ++stage) {
    for (std::string& note :
         AlphaTrainingNotes(experiment, stage, StepsPerEpoch(halves, experiment.spec.search()))) {
      trace.add_notes(std::move(note));
    }
    if (stage + 1 == num_stages) break;
    const StageEdges& end = history[stage].before;
    PDARTS_ASSIGN_OR_RETURN(StagePruning pruning,
                            PruneStage(experiment, stage, end.candidates, end.probabilities));
    for (std::string& note : pruning.notes) trace.add_notes(std::move(note));
  }
  return result;
}

}  // namespace

absl::StatusOr<SearchResult> RunSearch(const Experiment& experiment, const DatasetSplits& data,
                                       const SearchOptions& options, SearchObserver* observer) {
  return CatchLibTorchErrors([&] { return RunStages(experiment, data, options, observer); });
}

absl::StatusOr<BatchPixels> FirstImages(const Experiment& experiment, const DatasetSplits& data,
                                        int64_t most) {
  return CatchLibTorchErrors([&]() -> absl::StatusOr<BatchPixels> {
    const SearchSettings& settings = experiment.spec.search();
    PDARTS_ASSIGN_OR_RETURN(
        const TrainingHalves halves,
        SplitTrainingImages(data.train->size(), settings.train_images(), settings.weights_share()));
    const Regularizers none;
    const StageTrainer trainer(experiment, none, data, halves, /*stage=*/0, SearchProgress(),
                               /*observer=*/nullptr);
    return trainer.FirstImages(most);
  });
}

void AddPruningHistory(const Topology& topology, const std::vector<PrunedStage>& history,
                       DerivationTrace* trace) {
  for (EdgeDecision& decision : *trace->mutable_edges()) {
    for (size_t kind = 0; kind < topology.kinds.size(); ++kind) {
      if (topology.kinds[kind].name != decision.cell_kind()) continue;
      for (size_t stage = 0; stage < history.size(); ++stage) {
        const StageEdges& end = history[stage].before;
        const EdgeCandidates& before = end.candidates[kind][decision.edge()];
        const EdgeCandidates& kept = history[stage].kept[kind][decision.edge()];
        for (size_t i = 0; i < before.size(); ++i) {
          if (std::find(kept.begin(), kept.end(), before[i]) != kept.end()) continue;
          PrunedOperation* pruned = decision.add_pruned();
          pruned->set_operation(topology.kinds[kind].operations[before[i]]);
          pruned->set_stage(static_cast<int>(stage) + 1);
          pruned->set_probability(end.probabilities[kind][decision.edge()][i]);
        }
      }
    }
  }
}

}  // namespace pdarts
