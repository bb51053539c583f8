#ifndef PDARTS_NN_MACS_H_
#define PDARTS_NN_MACS_H_

#include <cstdint>

#include "pdarts/core/network.h"
#include "pdarts/core/search_space.h"

namespace pdarts::nn {

/// Multiply-accumulates of the convolutions and linear layers for one image in evaluation mode, so
/// without the auxiliary head (ALGORITHM 4, counting). Runs the network once and leaves its mode as
/// it was.
int64_t CountMacs(Network& network, const ImageShape& image);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_MACS_H_
