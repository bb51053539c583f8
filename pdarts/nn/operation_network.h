#ifndef PDARTS_NN_OPERATION_NETWORK_H_
#define PDARTS_NN_OPERATION_NETWORK_H_

#include <memory>
#include <vector>

#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/search_space.h"
#include "pdarts/nn/operation.h"

namespace pdarts::nn {

// For the implementation of SearchSpace::operation_places and BuildOperation.

/// A network of nothing but an operation, which gets the images as the cells of a network with this
/// backend would give them to it: the layout in memory and the type are theirs.
std::shared_ptr<Network> MakeOperationNetwork(std::shared_ptr<Operation> operation,
                                              const Backend& backend);

/// Counts one more cell that has an operation with this input and stride.
void AddPlace(const ImageShape& input, int stride, std::vector<OperationPlace>* places);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_OPERATION_NETWORK_H_
