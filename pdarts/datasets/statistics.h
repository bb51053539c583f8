#ifndef PDARTS_DATASETS_STATISTICS_H_
#define PDARTS_DATASETS_STATISTICS_H_

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "google/protobuf/repeated_field.h"
#include "pdarts/core/dataset.h"

namespace pdarts {

/// Puts the statistics that a config names in place of those in `info`; empty ones change nothing.
/// \error kInvalidArgument if there isn't one number a channel.
absl::Status TakeStatistics(const google::protobuf::RepeatedField<double>& mean,
                            const google::protobuf::RepeatedField<double>& deviation,
                            DatasetInfo* info);

/// Sets mean and deviation of each channel to those of all pixels of the images. A channel whose
/// pixels are all the same gets the deviation 1.
/// \param images `[N,C,H,W]` uint8, contiguous, on the CPU, N > 0.
void ComputeStatistics(const at::Tensor& images, DatasetInfo* info);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_STATISTICS_H_
