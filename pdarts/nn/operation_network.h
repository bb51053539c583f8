#ifndef PDARTS_NN_OPERATION_NETWORK_H_
#define PDARTS_NN_OPERATION_NETWORK_H_

#include <memory>
#include <vector>

#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/search_space.h"
#include "pdarts/nn/operation.h"

namespace pdarts::nn {

// Functions for the implementation of SearchSpace::operation_places and BuildOperation.

/// A network of one operation. The operation gets the images in the memory format and in the type
/// in which the cells of a network with this backend would get them.
std::shared_ptr<Network> MakeOperationNetwork(std::shared_ptr<Operation> operation,
                                              const Backend& backend);

/// Counts one more cell that has an operation with this input and stride.
void AddPlace(const ImageShape& input, int stride, std::vector<OperationPlace>* places);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_OPERATION_NETWORK_H_
