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

/// Makes the derived network of an architecture (docs/algorithm.md, "The NAS-Bench-201 space").
/// Each of its three blocks has NetworkShape::cells cells. It has no auxiliary head.
/// SearchSpace::BuildNetwork has checked the arguments. \error kInvalidArgument if the sides of the
/// image are not divisible by 4.
absl::StatusOr<std::shared_ptr<Network>> MakeDerivedNetwork(const Architecture& architecture,
                                                            const NetworkShape& shape,
                                                            at::Generator generator);

/// The places of operations in the networks of a shape, and one of these operations:
/// SearchSpace::operation_places and BuildOperation.
OperationPlaces DerivedOperationPlaces(const NetworkShape& shape);
std::shared_ptr<Network> MakeDerivedOperation(absl::string_view operation,
                                              const OperationPlace& place,
                                              const NetworkShape& shape, at::Generator generator);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_DERIVED_NETWORK_H_
