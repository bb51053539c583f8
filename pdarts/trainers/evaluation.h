#ifndef PDARTS_TRAINERS_EVALUATION_H_
#define PDARTS_TRAINERS_EVALUATION_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "pdarts/core/dataset.h"
#include "pdarts/trainers/meter.h"

namespace pdarts {

class Network;

/// How a network classifies images.
struct Evaluation {
  Accuracy accuracy;
  /// `[N]` int64 on the CPU: the class that each image was taken for, in the split's order.
  at::Tensor guesses;
};

/// How many images of each of `classes` classes were taken for their own class. labels, guesses:
/// `[N]` int64 on the CPU, each in [0, classes).
std::vector<int64_t> CountRight(const at::Tensor& labels, const at::Tensor& guesses, int classes);

/// \error kInvalidArgument if there are no images to measure on.
absl::Status CheckMeasurable(const DatasetSplits& data);

/// Measures a network in evaluation mode on images that are normalised only; its mode is restored.
/// The network is on `device` already; images are given to it in its parameters' dtype.
/// \error kInternal if the loss is not finite, as then the accuracy means nothing; kCancelled if
/// `stop`, asked before every batch, says so.
absl::StatusOr<Evaluation> Evaluate(Network& network, const ImageSplit& split,
                                    const DatasetInfo& info, int64_t batch_size, c10::Device device,
                                    const std::function<bool()>& stop = {});

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_EVALUATION_H_
