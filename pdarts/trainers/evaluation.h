#ifndef PDARTS_TRAINERS_EVALUATION_H_
#define PDARTS_TRAINERS_EVALUATION_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "c10/core/Device.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/network.h"
#include "pdarts/trainers/meter.h"

namespace pdarts {

/// How a network classifies images.
struct Evaluation {
  Accuracy accuracy;
  int64_t images = 0;
  /// `[classes,classes]` int64 on the CPU: how many images of the row's class were taken for the
  /// column's.
  at::Tensor confusion;
};

/// \error kInvalidArgument if there are no images to measure on.
absl::Status CheckMeasurable(const DatasetSplits& data);

/// Measures a network in evaluation mode on images that are normalised only; its mode is restored.
/// The network is on `device` already; images are given to it in its parameters' dtype. Nothing is
/// returned if `stop`, asked before every batch, says so.
std::optional<Evaluation> Evaluate(Network& network, const ImageSplit& split,
                                   const DatasetInfo& info, int64_t batch_size, c10::Device device,
                                   const std::function<bool()>& stop = {});

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_EVALUATION_H_
