#include "pdarts/core/experiment.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/edge_name.h"
#include "pdarts/core/field_plugin.h"
#include "pdarts/core/spec.h"

namespace pdarts {
namespace {

/// \error kInvalidArgument if an edge begins a search without an operation that may be derived.
/// Pruning adds no operations.
absl::Status CheckSomethingMayBeDerived(const SearchSpace& space, const Candidates& initial) {
  for (size_t k = 0; k < initial.size(); ++k) {
    const CellKind& kind = space.topology().kinds[k];
    for (size_t e = 0; e < initial[k].size(); ++e) {
      std::vector<std::string> operations;
      for (const int operation : initial[k][e]) operations.push_back(kind.operations[operation]);
      if (std::any_of(operations.begin(), operations.end(),
                      [&](const std::string& name) { return space.MayDerive(name); })) {
        continue;
      }
      return absl::InvalidArgumentError(absl::StrCat(
          "space: ", kind.name, " edge ", EdgeName(kind.edges[e]), " begins the search with ",
          absl::StrJoin(operations, ", "), ", but none of these operations may be derived"));
    }
  }
  return absl::OkStatus();
}

/// \error kInvalidArgument if two fields contradict each other.
absl::Status CheckSearchSettings(const SearchSettings& settings) {
  const bool is_narrow = settings.precision() == BFLOAT16 || settings.precision() == FLOAT16;
  if (!is_narrow || settings.alpha_gradients() != UNROLLED) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "search.precision: ", Precision_Name(settings.precision()),
      " cannot be combined with search.alpha_gradients: UNROLLED, which takes the small difference "
      "of two gradients; expected FLOAT32 or FLOAT64, or search.alpha_gradients: FIRST_ORDER"));
}

}  // namespace

SuperNetShape Experiment::StageSuperNetShape(int stage) const {
  const StageShape stage_shape = schedule->stage(stage);
  SuperNetShape shape;
  shape.cells = stage_shape.cells;
  shape.channels = stage_shape.channels;
  shape.image = dataset->info().image;
  shape.classes = dataset->num_classes();
  shape.backend = backend;
  return shape;
}

absl::StatusOr<std::vector<std::unique_ptr<Regularizer>>> Experiment::MakeRegularizers() const {
  std::vector<std::unique_ptr<Regularizer>> regularizers;
  for (int i = 0; i < spec.regularizers_size(); ++i) {
    PDARTS_ASSIGN_OR_RETURN(auto regularizer,
                            CreateFieldPlugin<Regularizer>(absl::StrCat("regularizers[", i, "]"),
                                                           spec.regularizers(i)));
    regularizers.push_back(std::move(regularizer));
  }
  return regularizers;
}

absl::StatusOr<std::optional<BenchmarkScore>> Experiment::Score(
    const Architecture& architecture) const {
  if (benchmark == nullptr) return std::nullopt;
  PDARTS_ASSIGN_OR_RETURN(const std::string text, space->Format(architecture));
  return benchmark->Score(text);
}

absl::StatusOr<Experiment> MakeExperiment(ExperimentSpec spec, c10::Device device) {
  PDARTS_RETURN_IF_ERROR(CompleteSpec(&spec));
  PDARTS_RETURN_IF_ERROR(ValidateSpec(spec));
  PDARTS_RETURN_IF_ERROR(CheckSearchSettings(spec.search()));
  Experiment experiment;
  experiment.spec = std::move(spec);
  const SearchSettings& settings = experiment.spec.search();
  PDARTS_ASSIGN_OR_RETURN(experiment.backend,
                          ResolveBackend(settings.kernels(), settings.precision(), device));
  PDARTS_ASSIGN_OR_RETURN(experiment.space,
                          CreateFieldPlugin<SearchSpace>("space", experiment.spec.space()));
  PDARTS_ASSIGN_OR_RETURN(experiment.dataset,
                          CreateFieldPlugin<Dataset>("dataset", experiment.spec.dataset()));
  PDARTS_ASSIGN_OR_RETURN(experiment.schedule, CreateFieldPlugin<ProgressiveSchedule>(
                                                   "schedule", experiment.spec.schedule()));
  PDARTS_ASSIGN_OR_RETURN(const auto regularizers, experiment.MakeRegularizers());
  if (experiment.spec.has_benchmark()) {
    PDARTS_ASSIGN_OR_RETURN(experiment.benchmark,
                            CreateFieldPlugin<Benchmark>("benchmark", experiment.spec.benchmark()));
    if (experiment.benchmark->space() != experiment.space->name()) {
      return absl::InvalidArgumentError(
          absl::StrCat("benchmark: it is of the search space ", experiment.benchmark->space(),
                       ", the spec's space is ", experiment.space->name()));
    }
  }
  PDARTS_ASSIGN_OR_RETURN(const Candidates initial, experiment.space->InitialCandidates());
  PDARTS_RETURN_IF_ERROR(CheckSomethingMayBeDerived(*experiment.space, initial));
  PDARTS_RETURN_IF_ERROR(experiment.schedule->Check(experiment.space->topology(), initial));
  for (const auto& regularizer : regularizers) {
    PDARTS_RETURN_IF_ERROR(regularizer->Check(*experiment.space, *experiment.schedule));
    PDARTS_RETURN_IF_ERROR(
        regularizer->ConstrainDerivation(*experiment.space, &experiment.derivation_options));
  }
  return experiment;
}

}  // namespace pdarts
