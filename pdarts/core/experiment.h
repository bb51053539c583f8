#ifndef PDARTS_CORE_EXPERIMENT_H_
#define PDARTS_CORE_EXPERIMENT_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/core/schedule.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// A spec and the plugins that it names, known to fit each other.
struct Experiment {
  ExperimentSpec spec;  ///< complete
  std::unique_ptr<SearchSpace> space;
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<ProgressiveSchedule> schedule;
  std::vector<std::unique_ptr<Regularizer>> regularizers;
  std::unique_ptr<Benchmark> benchmark;  ///< null where the spec has none

  /// The size of a stage's super-network.
  SuperNetShape StageNetShape(int stage) const;
  /// What the regularisers allow to be derived.
  DerivationOptions MakeDerivationOptions() const;
  /// What the benchmark says of an architecture; nothing where the spec has none.
  absl::StatusOr<std::optional<BenchmarkScore>> Score(const Architecture& architecture) const;
};

/// Completes and validates the spec and makes its plugins.
/// \error kInvalidArgument or kNotFound naming the field that is wrong or doesn't fit another.
absl::StatusOr<Experiment> MakeExperiment(ExperimentSpec spec);

}  // namespace pdarts

#endif  // PDARTS_CORE_EXPERIMENT_H_
