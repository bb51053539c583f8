#include "pdarts/runs/search_recorder.h"

#include <optional>
#include <utility>

#include "pdarts/base/status_macros.h"
#include "pdarts/core/edge_probabilities.h"
#include "pdarts/core/super_net.h"
#include "pdarts/trainers/alpha_training.h"

namespace pdarts {
namespace {

LogEvent AtStage(const LoopPosition& position, LogEvent event = {}) {
  event.set_stage(position.stage + 1);
  event.set_stages(position.num_stages);
  return event;
}

}  // namespace

SearchRecorder::SearchRecorder(RunDirectory* directory, const Experiment* experiment)
    : RunRecorder(directory), experiment_(experiment) {}

absl::Status SearchRecorder::OnStageBegin(const SearchPosition& position,
                                          const SuperNet& super_net) {
  LogEvent event = AtStage(position);
  event.set_epochs(position.shape.epochs);
  event.set_cells(position.shape.cells);
  event.set_channels(position.shape.channels);
  event.set_candidates_per_edge(static_cast<int>(super_net.candidates()[0][0].size()));
  event.set_parameters(static_cast<double>(CountParameters(super_net)));
  if (position.expected_bytes > 0) {
    event.set_expected_memory_mb(Megabytes(position.expected_bytes));
  }
  if (position.expected_seconds > 0) event.set_expected_seconds(position.expected_seconds);
  *event.mutable_probabilities() = EncodeEdges(super_net.topology(), super_net.candidates());
  for (std::string& note : AlphaTrainingNotes(*experiment_, position.stage, position.steps)) {
    event.add_notes(std::move(note));
  }
  return Log("stage_begin", std::move(event));
}

absl::Status SearchRecorder::OnEpochEnd(const EpochReport& report) {
  LogEvent event = AtStage(report.position, MakeEpochEvent(report));
  event.set_weight_loss(report.train.loss);
  event.set_weight_top1(report.train.top1);
  if (report.alpha_loss) event.set_alpha_loss(*report.alpha_loss);
  if (report.alpha_top1) event.set_alpha_top1(*report.alpha_top1);
  for (const auto& [name, value] : report.regularizers) {
    (*event.mutable_regularizers())[name] = value;
  }
  if (report.supernet) {
    event.set_supernet_top1(report.supernet->top1);
    event.set_supernet_top5(report.supernet->top5);
    event.set_supernet_loss(report.supernet->loss);
  }
  const EdgeProbabilities probabilities = report.super_net->Probabilities();
  *event.mutable_probabilities() =
      EncodeEdges(report.super_net->topology(), report.super_net->candidates(), &probabilities);
  PDARTS_RETURN_IF_ERROR(AddDerivation(*report.super_net, probabilities, &event));
  return Log("epoch", std::move(event));
}

absl::Status SearchRecorder::AddDerivation(const SuperNet& super_net,
                                           const EdgeProbabilities& probabilities,
                                           LogEvent* event) const {
  const absl::StatusOr<Derivation> derivation = experiment_->space->Derive(
      super_net.candidates(), probabilities, experiment_->derivation_options);
  // It may be too early to derive an architecture. The end of the search will report the error.
  if (absl::IsInvalidArgument(derivation.status())) return absl::OkStatus();
  PDARTS_RETURN_IF_ERROR(derivation.status());
  PDARTS_ASSIGN_OR_RETURN(*event->mutable_architecture(),
                          experiment_->space->Format(derivation->architecture));
  PDARTS_ASSIGN_OR_RETURN(const std::optional<BenchmarkScore> score,
                          experiment_->Score(derivation->architecture));
  if (score) *event->mutable_benchmark() = *score;
  return absl::OkStatus();
}

absl::Status SearchRecorder::OnStageEnd(const SearchPosition& position, const SuperNet& super_net,
                                        const Candidates& kept) {
  LogEvent event = AtStage(position);
  event.set_candidates_per_edge(static_cast<int>(kept[0][0].size()));
  *event.mutable_probabilities() = EncodeEdges(super_net.topology(), kept);
  return Log("stage_end", std::move(event));
}

}  // namespace pdarts
