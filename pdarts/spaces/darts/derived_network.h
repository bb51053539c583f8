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

/// The network that an architecture stands for (docs/algorithm.md, "The derived network"), with
/// either skeleton. Arguments are as SearchSpace::BuildNetwork has checked them.
/// \error kInvalidArgument if the image's sides don't fit: cifar takes sides divisible by 4, and
/// 32x32 with the auxiliary head; imagenet sides that are 7 to 13 times 32, and 224x224 with the
/// head; if the head is asked for with fewer than 2 cells; if imagenet has odd channels.
absl::StatusOr<std::shared_ptr<Network>> MakeDerivedNetwork(const Architecture& architecture,
                                                            const NetworkShape& shape,
                                                            at::Generator generator);

/// Where the networks of a shape have operations, and one of them: SearchSpace::operation_places
/// and BuildOperation.
OperationPlaces DerivedOperationPlaces(const NetworkShape& shape);
std::shared_ptr<Network> MakeDerivedOperation(absl::string_view operation,
                                              const OperationPlace& place,
                                              const NetworkShape& shape, at::Generator generator);

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_DERIVED_NETWORK_H_
