#ifndef PDARTS_CLI_NETWORK_FLAGS_H_
#define PDARTS_CLI_NETWORK_FLAGS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/status/statusor.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/training.h"

ABSL_DECLARE_FLAG(std::string, genotype);
ABSL_DECLARE_FLAG(std::string, weights);
ABSL_DECLARE_FLAG(std::string, dataset);
ABSL_DECLARE_FLAG(std::optional<int>, cells);
ABSL_DECLARE_FLAG(std::optional<int>, channels);
ABSL_DECLARE_FLAG(std::optional<int>, classes);
ABSL_DECLARE_FLAG(std::string, skeleton);
ABSL_DECLARE_FLAG(std::string, image_size);

namespace pdarts {

/// A network that is described by flags alone.
struct FlagNetwork {
  std::unique_ptr<SearchSpace> space;
  Architecture architecture;
  NetworkShape shape;  ///< without auxiliary head
};

/// The search space of --space, and the size of --cells, --channels, --classes, --skeleton and
/// --image_size: the skeleton's usual one where a flag isn't given. The architecture is left empty.
/// \error kInvalidArgument naming the flag.
absl::StatusOr<FlagNetwork> SpaceAndShapeFromFlags();

/// The network of --space, --genotype, --cells, --channels, --classes, --skeleton, --image_size:
/// the skeleton's usual size (SearchSpace::default_network_shape) where a flag isn't given.
/// \error as ReadGivenGenotype; kInvalidArgument naming the flag.
absl::StatusOr<FlagNetwork> NetworkFromFlags();

/// The same, or, where --run names a run, the network of its architecture for images and classes as
/// the run has them; a training's has the training's size. Flags of the size go before the run's.
/// \error as NetworkFromFlags, ReadRunSpec and ReadRunArchitecture.
absl::StatusOr<FlagNetwork> NetworkFromRunOrFlags();

/// "images of 32x32, 3 channels, 10 classes; 20 cells, 36 channels, skeleton cifar": what a network
/// is counted or measured as.
std::string SizeText(const NetworkShape& shape);

/// --space, else the only search space of this program, else "darts".
std::string SpaceFromFlags();

/// --dataset, else "cifar10".
std::string DatasetFromFlags();

/// The flags that NetworkFromFlags reads.
std::vector<std::string> NetworkFlags();

}  // namespace pdarts

#endif  // PDARTS_CLI_NETWORK_FLAGS_H_
