#ifndef PDARTS_DATASETS_STATISTICS_H_
#define PDARTS_DATASETS_STATISTICS_H_

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "google/protobuf/repeated_field.h"
#include "pdarts/core/dataset.h"

namespace pdarts {

/// Replaces the channel statistics in `info` by those of a config. Empty statistics change nothing.
/// \error kInvalidArgument unless there is one number for each channel.
absl::Status TakeStatistics(const google::protobuf::RepeatedField<double>& mean,
                            const google::protobuf::RepeatedField<double>& standard_deviation,
                            DatasetInfo* info);

/// Sets the mean and the standard deviation of each channel to those of all pixels of the images.
/// If all pixels of a channel have the same value, its standard deviation is set to 1.
/// \param images `[N,C,H,W]` uint8, contiguous, on the CPU, N > 0.
void ComputeStatistics(const at::Tensor& images, DatasetInfo* info);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_STATISTICS_H_
