#ifndef PDARTS_NN_MACS_H_
#define PDARTS_NN_MACS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "pdarts/core/search_space.h"

namespace pdarts {
class Network;
}  // namespace pdarts

namespace pdarts::nn {

/// Multiply-adds of the convolutions and linear layers for one image in evaluation mode, which
/// excludes the auxiliary head (docs/algorithm.md, "Counting"). Computes one forward pass, and
/// restores the mode of the network.
int64_t CountMacs(Network& network, const ImageShape& image);

/// The cost of a network for one image.
struct NetworkCosts {
  struct Part {
    std::string name;  ///< name of the child module: "cells.0", ..., "other"
    int64_t parameters = 0;
    int64_t macs = 0;
  };
  int64_t parameters = 0;  ///< trainable scalars
  int64_t macs = 0;
  std::vector<Part> parts;  ///< each cell, and then everything else as "other"
  /// The peak of the bytes that a forward pass in evaluation mode allocates, without the weights.
  int64_t evaluation_bytes = 0;
  /// The increase of the peak memory of a training step for each further image, in bytes.
  int64_t training_bytes = 0;
};

/// Computes the costs of a network that was built without auxiliary head. Computes a few passes,
/// which move the running statistics of the network. Restores the mode of the network.
NetworkCosts CountCosts(Network& network, const ImageShape& image);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_MACS_H_
