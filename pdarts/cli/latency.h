#ifndef PDARTS_CLI_LATENCY_H_
#define PDARTS_CLI_LATENCY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// The time of a forward pass, in milliseconds.
struct Latency {
  double median = 0;
  double p10 = 0;
  double p90 = 0;
};

/// Times `runs` forward passes of a network in evaluation mode with random images, after three
/// passes that are not timed.
Latency MeasureLatency(Network& network, const ImageShape& image, int batch, int runs);

/// A network that computes the same in evaluation mode. Its batch normalizations are folded into
/// the convolutions before them.
/// \error as Network::Describe.
absl::StatusOr<std::shared_ptr<Network>> FoldNetwork(const Network& network,
                                                     const Backend& backend);

}  // namespace pdarts

#endif  // PDARTS_CLI_LATENCY_H_
