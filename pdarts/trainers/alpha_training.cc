#include "pdarts/trainers/alpha_training.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "pdarts/datasets/loader/loader.h"

namespace pdarts {
namespace {

/// Adam moves an alpha by about the learning rate in each step. The alphas must be able to move by
/// this number of standard deviations of their random initial values. Otherwise the initial values
/// decide, and not the training.
constexpr double kStandardDeviations = 10;

/// The reason why no alpha of the stage trains enough; empty if there is none.
std::string ReasonForAllKinds(const StageShape& shape, const SearchSettings& settings,
                              std::optional<int> steps) {
  const int epochs = shape.epochs - shape.warmup_epochs;
  const double rate = settings.alphas().learning_rate();
  if (epochs == 0) {
    return absl::StrCat("the alphas get no step, because ",
                        shape.epochs == 1
                            ? "the only epoch is a warm-up epoch"
                            : absl::StrCat("all ", shape.epochs, " epochs are warm-up epochs"));
  }
  if (rate == 0) return "the alphas do not move, because search.alphas.learning_rate is 0";
  if (!steps) return "";
  const int64_t all_steps = int64_t{epochs} * *steps;
  if (static_cast<double>(all_steps) * rate >= kStandardDeviations * settings.alpha_deviation())
    return "";
  return absl::StrCat("the alphas get only ", all_steps, " steps, and ", all_steps,
                      " times search.alphas.learning_rate (", rate, ") is less than ",
                      kStandardDeviations, " times search.alpha_deviation (",
                      settings.alpha_deviation(), ")");
}

/// The reason why every edge of the stage has only one candidate; empty if an edge has more.
std::string ReasonForOneCandidate(const Experiment& experiment, int stage) {
  if (stage > 0) {
    if (experiment.schedule->stage(stage - 1).keep > 1) return "";
    return absl::StrCat("stage ", stage, " keeps one (schedule.stages[", stage - 1, "].keep is 1)");
  }
  const absl::StatusOr<Candidates> initial = experiment.space->InitialCandidates();
  if (!initial.ok()) return "";  // MakeExperiment has reported it
  for (const CellCandidates& cell : *initial) {
    for (const EdgeCandidates& edge : cell) {
      if (edge.size() > 1) return "";
    }
  }
  return "the search space has no other";
}

}  // namespace

int StepsPerEpoch(const TrainingHalves& halves, const SearchSettings& settings) {
  return static_cast<int>(NumBatches(halves.weights.size(0), settings.batch_size()));
}

std::vector<std::string> AlphaTrainingNotes(const Experiment& experiment, int stage,
                                            std::optional<int> steps) {
  const StageShape shape = experiment.schedule->stage(stage);
  const bool last = stage + 1 == experiment.schedule->num_stages();
  std::vector<std::string> notes;
  const auto add = [&](const std::string& reason, const std::string& decided) {
    notes.push_back(absl::StrCat("stage ", stage + 1, ": ", reason,
                                 "; the random start of the alphas decides ", decided));
  };
  const std::string reason = ReasonForAllKinds(shape, experiment.spec.search(), steps);
  if (!reason.empty()) {
    add(reason,
        last ? "which architecture is derived" : "which candidates are pruned after the stage");
  }
  for (const std::string& kind : experiment.space->KindsWithoutCells(shape.cells)) {
    add(absl::StrCat("a super-network of ", shape.cells, shape.cells == 1 ? " cell" : " cells",
                     " has no ", kind, " cell, so nothing trains that cell's alphas"),
        absl::StrCat(last ? "which operations are derived for the "
                          : "which candidates are pruned from the ",
                     kind, " cell", last ? "" : " after the stage"));
  }
  if (const std::string why = ReasonForOneCandidate(experiment, stage); !why.empty()) {
    notes.push_back(absl::StrCat("stage ", stage + 1,
                                 ": every edge has one candidate only, because ", why,
                                 "; the stage chooses no operations"));
  }
  return notes;
}

}  // namespace pdarts
