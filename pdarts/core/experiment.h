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

/// A spec and its plugins, which fit each other. A search does not change an experiment, so that
/// several searches may share one. Regularizers do change: each search makes its own.
struct Experiment {
  ExperimentSpec spec;  ///< complete
  Backend backend;      ///< of its super-networks
  std::unique_ptr<SearchSpace> space;
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<ProgressiveSchedule> schedule;
  std::unique_ptr<Benchmark> benchmark;  ///< null if the spec has none
  DerivationOptions derivation_options;  ///< the limits of the regularizers

  /// The size and the backend of a stage's super-network.
  SuperNetShape StageSuperNetShape(int stage) const;
  /// New regularizers, in the order of the spec. \error kInvalidArgument or kNotFound naming the
  /// field, as MakeExperiment.
  absl::StatusOr<std::vector<std::unique_ptr<Regularizer>>> MakeRegularizers() const;
  /// The score of an architecture in the benchmark; no value if the spec has no benchmark.
  absl::StatusOr<std::optional<BenchmarkScore>> Score(const Architecture& architecture) const;
};

/// Completes and validates the spec, makes its plugins, and resolves its backend.
/// \param device where a search will run. The field `device` of the spec may name a device that
///     this machine lacks; only a program that computes must check this (ResolveDevice).
/// \error kInvalidArgument or kNotFound naming the field that is wrong or does not fit another
/// field; errors of ResolveBackend.
absl::StatusOr<Experiment> MakeExperiment(ExperimentSpec spec, c10::Device device = c10::kCPU);

}  // namespace pdarts

#endif  // PDARTS_CORE_EXPERIMENT_H_
