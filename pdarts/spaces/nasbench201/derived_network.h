#ifndef PDARTS_SPACES_NASBENCH201_DERIVED_NETWORK_H_
#define PDARTS_SPACES_NASBENCH201_DERIVED_NETWORK_H_

#include <memory>

#include "ATen/core/Generator.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/network.h"
#include "pdarts/core/search_space.h"

namespace pdarts::nasbench201 {

/// The network that an architecture stands for (docs/algorithm.md, "The NAS-Bench-201 space"), with
/// NetworkShape::cells cells in each of its three blocks. It has no auxiliary head. Arguments are
/// as SearchSpace::BuildNetwork has checked them. \error kInvalidArgument if the image's sides
/// aren't divisible by 4.
absl::StatusOr<std::shared_ptr<Network>> MakeDerivedNetwork(const Architecture& architecture,
                                                            const NetworkShape& shape,
                                                            at::Generator generator);

/// Where the networks of a shape have operations, and one of them: SearchSpace::operation_places
/// and BuildOperation.
OperationPlaces DerivedOperationPlaces(const NetworkShape& shape);
std::shared_ptr<Network> MakeDerivedOperation(absl::string_view operation,
                                              const OperationPlace& place,
                                              const NetworkShape& shape, at::Generator generator);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_DERIVED_NETWORK_H_
