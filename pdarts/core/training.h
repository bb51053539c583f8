#ifndef PDARTS_CORE_TRAINING_H_
#define PDARTS_CORE_TRAINING_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "c10/core/Device.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/training.pb.h"

namespace pdarts {

/// A spec of a training and its plugins, which fit each other.
struct Training {
  TrainSpec spec;   ///< complete, with the size of the network
  Backend backend;  ///< of its network
  std::unique_ptr<SearchSpace> space;
  std::unique_ptr<Dataset> dataset;
  Architecture architecture;

  /// The size of the network from the spec, with the images and classes of the dataset, and the
  /// backend.
  NetworkShape Shape() const;
};

/// Completes and validates the spec, makes its plugins, and resolves its backend.
/// \param device where the training will run, as for MakeExperiment.
/// \error kInvalidArgument or kNotFound naming the field that is wrong or does not fit another
/// field; errors of ResolveBackend.
absl::StatusOr<Training> MakeTraining(TrainSpec spec, c10::Device device = c10::kCPU);

/// The architecture of a text: a name that the space knows, or the text of an architecture.
/// \error kInvalidArgument as SearchSpace::Parse, with the known names if the text is a single
/// word.
absl::StatusOr<Architecture> ParseGenotype(const SearchSpace& space, absl::string_view text);

/// The size with which networks of a skeleton are usually trained, changed by the fields that are
/// set in `settings`. \error as SearchSpace::default_network_shape.
absl::StatusOr<NetworkShape> MakeNetworkShape(const SearchSpace& space,
                                              const NetworkSettings& settings);

}  // namespace pdarts

#endif  // PDARTS_CORE_TRAINING_H_
