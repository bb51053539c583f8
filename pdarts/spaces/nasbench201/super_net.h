#ifndef PDARTS_SPACES_NASBENCH201_SUPER_NET_H_
#define PDARTS_SPACES_NASBENCH201_SUPER_NET_H_

#include <memory>

#include "ATen/core/Generator.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/topology.h"

namespace pdarts::nasbench201 {

/// The super-network of the space (docs/algorithm.md, "The NAS-Bench-201 space"). Each of its three
/// blocks has SuperNetShape::cells cells. It has StandardKnobs. The names of the parameters contain
/// the number of the operation in the space, which does not change when other candidates are
/// pruned. SearchSpace::BuildSuperNet has checked the arguments.
std::shared_ptr<SuperNet> MakeSuperNet(const Candidates& candidates, const SuperNetShape& shape,
                                       at::Generator generator);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_SUPER_NET_H_
