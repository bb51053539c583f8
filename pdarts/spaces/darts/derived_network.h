#ifndef PDARTS_SPACES_DARTS_DERIVED_NETWORK_H_
#define PDARTS_SPACES_DARTS_DERIVED_NETWORK_H_

#include <memory>

#include "ATen/core/Generator.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/network.h"
#include "pdarts/core/search_space.h"

namespace pdarts::darts {

inline constexpr char kCifarSkeleton[] = "cifar";
inline constexpr char kImageNetSkeleton[] = "imagenet";

/// Makes the derived network of an architecture (docs/algorithm.md, "The derived network"), with
/// either skeleton. SearchSpace::BuildNetwork has checked the arguments.
/// \error kInvalidArgument if the sides of the image do not fit: cifar takes sides divisible by 4,
/// and 32x32 with the auxiliary head; imagenet takes sides that are 7 to 13 times 32, and 224x224
/// with the auxiliary head; if the auxiliary head is requested with fewer than 2 cells; if imagenet
/// has an odd number of channels.
absl::StatusOr<std::shared_ptr<Network>> MakeDerivedNetwork(const Architecture& architecture,
                                                            const NetworkShape& shape,
                                                            at::Generator generator);

/// The places of operations in the networks of a shape, and one of these operations:
/// SearchSpace::operation_places and BuildOperation.
OperationPlaces DerivedOperationPlaces(const NetworkShape& shape);
std::shared_ptr<Network> MakeDerivedOperation(absl::string_view operation,
                                              const OperationPlace& place,
                                              const NetworkShape& shape, at::Generator generator);

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_DERIVED_NETWORK_H_
