#ifndef PDARTS_CORE_EXPERIMENT_H_
#define PDARTS_CORE_EXPERIMENT_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/core/schedule.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// A spec and the plugins that it names, known to fit each other. Nothing here changes while a
/// search runs, so that several searches may share one experiment. Regularisers do change: each
/// search makes its own.
struct Experiment {
  ExperimentSpec spec;  ///< complete
  Backend backend;      ///< how its super-networks compute, and where
  std::unique_ptr<SearchSpace> space;
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<ProgressiveSchedule> schedule;
  std::unique_ptr<Benchmark> benchmark;  ///< null where the spec has none
  DerivationOptions derivation_options;  ///< what the regularisers allow to be derived

  /// The size and the backend of a stage's super-network.
  SuperNetShape StageNetShape(int stage) const;
  /// The spec's regularisers in the spec's order, as a search begins with them.
  /// \error kInvalidArgument or kNotFound naming the field, as MakeExperiment.
  absl::StatusOr<std::vector<std::unique_ptr<Regularizer>>> MakeRegularizers() const;
  /// What the benchmark says of an architecture; nothing where the spec has none.
  absl::StatusOr<std::optional<BenchmarkScore>> Score(const Architecture& architecture) const;
};

/// Completes and validates the spec, makes its plugins, and resolves its backend.
/// \param device where a search will run. The spec's own field may ask for a device that this
/// machine
///     lacks, which only matters to those who compute (ResolveDevice).
/// \error kInvalidArgument or kNotFound naming the field that is wrong or doesn't fit another;
/// errors of ResolveBackend.
absl::StatusOr<Experiment> MakeExperiment(ExperimentSpec spec, c10::Device device = c10::kCPU);

}  // namespace pdarts

#endif  // PDARTS_CORE_EXPERIMENT_H_
