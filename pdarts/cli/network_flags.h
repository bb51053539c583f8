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

/// A network that flags alone describe.
struct FlagNetwork {
  std::unique_ptr<SearchSpace> space;
  Architecture architecture;
  NetworkShape shape;  ///< without an auxiliary head
};

/// Reads the search space of --space, and the size of the network from --cells, --channels,
/// --classes, --skeleton and --image_size. If a flag is not given, the size is the default of the
/// skeleton. The architecture is empty.
/// \error kInvalidArgument naming the flag.
absl::StatusOr<FlagNetwork> SpaceAndShapeFromFlags();

/// Reads the network of --space, --genotype, --cells, --channels, --classes, --skeleton and
/// --image_size. If a flag is not given, the size is the default of the skeleton
/// (SearchSpace::default_network_shape).
/// \error as ReadGivenGenotype; kInvalidArgument naming the flag.
absl::StatusOr<FlagNetwork> NetworkFromFlags();

/// Reads the network of the run of --run: its architecture, for the images and classes of the run.
/// If the run is a training, the size is that of its network. Without --run, the function does the
/// same as NetworkFromFlags. Flags of the size have precedence over the size of the run.
/// \error as NetworkFromFlags, ReadRunSpec and ReadRunArchitecture.
absl::StatusOr<FlagNetwork> NetworkFromRunOrFlags();

/// The size at which a network is counted or measured: "images of 32x32, 3 channels, 10 classes; 20
/// cells, 36 channels, skeleton cifar".
std::string SizeText(const NetworkShape& shape);

/// The value of --space. Without the flag, it is the only search space of this program, or "darts"
/// if there are several.
std::string SpaceFromFlags();

/// The value of --dataset, or "cifar10" without the flag.
std::string DatasetFromFlags();

/// The flags that NetworkFromFlags reads.
std::vector<std::string> NetworkFlags();

}  // namespace pdarts

#endif  // PDARTS_CLI_NETWORK_FLAGS_H_
