#include "pdarts/runs/search_recorder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "pdarts/core/process.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/super_net.h"
#include "pdarts/trainers/alpha_training.h"

namespace pdarts {
namespace {

/// Appends one cell kind's candidates, with probabilities where they are given.
void AddProbabilities(const SuperNet& net, const Candidates& candidates,
                      const EdgeProbabilities* probabilities, LogEvent* event) {
  for (size_t k = 0; k < candidates.size(); ++k) {
    const CellKind& kind = net.topology().kinds[k];
    CellProbabilities* cell = event->add_probabilities();
    cell->set_cell_kind(kind.name);
    for (size_t e = 0; e < candidates[k].size(); ++e) {
      EdgeCandidateProbabilities* edge = cell->add_edges();
      edge->set_from(kind.edges[e].from);
      edge->set_to(kind.edges[e].to);
      for (int operation : candidates[k][e]) edge->add_operations(kind.operations[operation]);
      if (probabilities == nullptr) continue;
      for (double p : (*probabilities)[k][e]) edge->add_probabilities(p);
    }
  }
}

}  // namespace

SearchRecorder::SearchRecorder(RunDirectory* directory, const Experiment* experiment)
    : directory_(directory), experiment_(experiment), clock_(directory->checkpoint()) {}

LogEvent SearchRecorder::MakeEvent(absl::string_view name, const SearchPosition& position) const {
  LogEvent event;
  event.set_event(std::string(name));
  event.set_time(TimeNow());
  event.set_elapsed_s(clock_.Elapsed());
  event.set_stage(position.stage + 1);
  event.set_stages(position.num_stages);
  event.set_peak_memory_mb(static_cast<double>(clock_.PeakBytes()) / 1e6);
  return event;
}

absl::Status SearchRecorder::LogRun(absl::string_view name, LogEvent details) {
  details.set_event(std::string(name));
  details.set_time(TimeNow());
  details.set_elapsed_s(clock_.Elapsed());
  details.set_peak_memory_mb(static_cast<double>(clock_.PeakBytes()) / 1e6);
  return directory_->Log(details);
}

absl::Status SearchRecorder::OnStageBegin(const SearchPosition& position, const SuperNet& net) {
  LogEvent event = MakeEvent("stage_begin", position);
  event.set_epochs(position.shape.epochs);
  event.set_cells(position.shape.cells);
  event.set_channels(position.shape.channels);
  event.set_candidates_per_edge(static_cast<int>(net.candidates()[0][0].size()));
  event.set_parameters(static_cast<double>(CountParameters(net)));
  if (position.expected_bytes > 0) {
    event.set_expected_memory_mb(static_cast<double>(position.expected_bytes) / 1e6);
  }
  if (position.expected_seconds > 0) event.set_expected_seconds(position.expected_seconds);
  AddProbabilities(net, net.candidates(), nullptr, &event);
  for (std::string& note : AlphaTrainingNotes(*experiment_, position.stage, position.steps)) {
    event.add_notes(std::move(note));
  }
  return directory_->Log(event);
}

absl::Status SearchRecorder::OnEpochEnd(const EpochReport& report) {
  LogEvent event = MakeEvent("epoch", report.position);
  event.set_epoch(report.position.epoch + 1);
  event.set_epochs(report.position.shape.epochs);
  event.set_weight_loss(report.weight_loss);
  event.set_weight_top1(report.weight_top1);
  if (report.alpha_loss) event.set_alpha_loss(*report.alpha_loss);
  if (report.alpha_top1) event.set_alpha_top1(*report.alpha_top1);
  event.set_learning_rate(report.learning_rate);
  for (const auto& [name, value] : report.regularizers) {
    (*event.mutable_regularizers())[name] = value;
  }
  if (report.supernet) {
    event.set_supernet_top1(report.supernet->top1);
    event.set_supernet_top5(report.supernet->top5);
    event.set_supernet_loss(report.supernet->loss);
  }
  event.set_seconds(report.seconds);
  event.set_images_per_second(report.images_per_second);
  const EdgeProbabilities probabilities = report.net->Probabilities();
  AddProbabilities(*report.net, report.net->candidates(), &probabilities, &event);
  PDARTS_RETURN_IF_ERROR(AddDerivation(*report.net, probabilities, &event));
  return directory_->Log(event);
}

absl::Status SearchRecorder::AddDerivation(const SuperNet& net,
                                           const EdgeProbabilities& probabilities,
                                           LogEvent* event) const {
  const absl::StatusOr<Derivation> derivation =
      experiment_->space->Derive(net.candidates(), probabilities, experiment_->derivation_options);
  // Nothing may be derived yet; the end will tell.
  if (absl::IsInvalidArgument(derivation.status())) return absl::OkStatus();
  PDARTS_RETURN_IF_ERROR(derivation.status());
  PDARTS_ASSIGN_OR_RETURN(*event->mutable_architecture(),
                          experiment_->space->Format(derivation->architecture));
  PDARTS_ASSIGN_OR_RETURN(const std::optional<BenchmarkScore> score,
                          experiment_->Score(derivation->architecture));
  if (score) *event->mutable_benchmark() = *score;
  return absl::OkStatus();
}

absl::Status SearchRecorder::OnStageEnd(const SearchPosition& position, const SuperNet& net,
                                        const Candidates& kept) {
  LogEvent event = MakeEvent("stage_end", position);
  event.set_candidates_per_edge(static_cast<int>(kept[0][0].size()));
  AddProbabilities(net, kept, nullptr, &event);
  return directory_->Log(event);
}

}  // namespace pdarts
