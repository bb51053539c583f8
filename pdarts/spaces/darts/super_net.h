#ifndef PDARTS_SPACES_DARTS_SUPER_NET_H_
#define PDARTS_SPACES_DARTS_SUPER_NET_H_

#include <memory>

#include "ATen/core/Generator.h"
#include "absl/status/status.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/topology.h"

namespace pdarts::darts {

/// \error kInvalidArgument naming the sides of an image that are not divisible by 4. Convolutions
/// with stride 2 round sizes up, `none` rounds down, and factorized reductions need even sides.
absl::Status CheckImageSides(const ImageShape& image);

/// The super-network of the space (docs/algorithm.md, "The DARTS space"): a stem, cells whose edges
/// mix their candidates, global average pooling, a classifier. It has StandardKnobs.
/// SearchSpace::BuildSuperNet has checked the arguments.
std::shared_ptr<SuperNet> MakeSuperNet(const Candidates& candidates, const SuperNetShape& shape,
                                       at::Generator generator);

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_SUPER_NET_H_
