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

/// Multiply-accumulates of the convolutions and linear layers for one image in evaluation mode, so
/// without the auxiliary head (docs/algorithm.md, "Counting"). Runs the network once and leaves its
/// mode as it was.
int64_t CountMacs(Network& network, const ImageShape& image);

/// What a network costs, for one image.
struct NetworkCosts {
  struct Part {
    std::string name;  ///< as the child module is called: "cells.0", ..., "other"
    int64_t parameters = 0;
    int64_t macs = 0;
  };
  int64_t parameters = 0;  ///< trainable scalars
  int64_t macs = 0;
  std::vector<Part> parts;  ///< cells one by one, then all else together as "other"
  /// Bytes that an evaluation pass holds at most, without the weights.
  int64_t evaluation_bytes = 0;
  /// Bytes that each image of a training step adds to what it holds at most.
  int64_t training_bytes = 0;
};

/// Counts a network that was built without auxiliary head. Runs it a few times, which moves its
/// running statistics; leaves its mode as it was.
NetworkCosts CountCosts(Network& network, const ImageShape& image);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_MACS_H_
