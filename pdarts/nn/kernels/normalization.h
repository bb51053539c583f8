#ifndef PDARTS_NN_KERNELS_NORMALIZATION_H_
#define PDARTS_NN_KERNELS_NORMALIZATION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/batch_norm_args.h"
#include "pdarts/nn/kernels/kernel_table.h"

namespace pdarts::nn {

/// Mean and biased variance of each channel over a batch.
struct ChannelStatistics {
  std::vector<double> mean, variance;
  int64_t count = 0;  ///< values in each channel
};

/// From the mean and the sum of squared deviations of each image, [images][2][stride]. pixels: the
/// number of values in each image. An image may also be a piece of one, if all have the same size.
template <typename A>
ChannelStatistics MergeStatistics(const A* of_images, int64_t images, int64_t channels,
                                  int64_t stride, int64_t pixels);

/// Statistics of a channels-last `[N,C,H,W]` of storage type S.
template <typename S, typename A>
ChannelStatistics StatisticsOf(const at::Tensor& x, const KernelTable<S, A>& loops);

/// Replaces the statistics of each process's images by the statistics of the images of all
/// processes, with one all-reduce for all elements. Throws CommunicationError if the all-reduce
/// fails.
void Synchronize(Communicator& communicator, const std::vector<ChannelStatistics*>& statistics);

/// A batch normalization as a function of a channel: scale * x + shift, with scale = weight /
/// deviation and shift = bias - mean * scale.
struct Normalization {
  std::vector<double> mean, inverse_standard_deviation, weight, bias;
  bool by_batch = false;
  int64_t count = 0;  ///< by_batch: ChannelStatistics::count

  double scale(int64_t c) const { return weight[c] * inverse_standard_deviation[c]; }
  double shift(int64_t c) const { return bias[c] - mean[c] * scale(c); }
};

/// Uses the statistics of the batch in training mode, and otherwise the running statistics. Throws
/// c10::Error as CheckCanNormalize.
Normalization MakeNormalization(const BatchNormArgs& batch_norm, const ChannelStatistics& batch);

/// Moves the running statistics if `update_statistics` of `batch_norm` is set.
template <typename T>
void UpdateStatistics(const BatchNormArgs& batch_norm, const ChannelStatistics& batch);

/// The gradient before a normalization, from the gradient behind it, for each channel: factor *
/// gradient + slope * value + offset.
struct NormalizationGradient {
  double factor = 0, slope = 0, offset = 0;
  double weight = 0, bias = 0;  ///< gradients of the affine parameters
};

/// Sums over images for each channel: the sum of the gradient g behind a normalization, and the sum
/// of g * (value - mean).
struct GradientSums {
  std::vector<double> gradient, deviation;
};

/// Combines the sums of each image, or of each piece of an image: [images][2][RoundUp(channels)].
template <typename A>
GradientSums SumOverImages(const std::vector<A>& of_images, int64_t images, int64_t channels);

/// Sums over the complete batch: `own` itself if there is no communicator. Otherwise, `memory` gets
/// a copy of `own`, in which the sums at the positions `shared` are over all processes, with one
/// all-reduce. Throws CommunicationError if the all-reduce fails.
const std::vector<GradientSums>& SumsOfBatch(Communicator* communicator,
                                             const std::vector<GradientSums>& own,
                                             const std::vector<size_t>& shared,
                                             std::vector<GradientSums>* memory);

/// own: sums over the images of this process, which give its part of the gradients of weight and
/// bias. batch: sums over all images, on which the gradient before a normalization by the
/// statistics of the batch depends. coefficient: the factor of the normalized value before g.
NormalizationGradient BackwardOf(const Normalization& normalization, int64_t channel,
                                 const GradientSums& own, const GradientSums& batch,
                                 double coefficient);

/// The same for all channels in the form that the loops read: `factor`, `slope` and `offset` are
/// whole vectors, with 0 after the last channel.
template <typename A>
struct NormalizationGradients {
  std::vector<A> factor, slope, offset;
  std::vector<double> weight, bias;
  bool by_batch = false;  ///< if false, slope and offset are 0
};

/// BackwardOf with a coefficient of 1 for each channel. lanes: KernelTable::lanes.
template <typename A>
NormalizationGradients<A> BackwardOf(const Normalization& normalization, const GradientSums& own,
                                     const GradientSums& batch, int64_t lanes);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_NORMALIZATION_H_
