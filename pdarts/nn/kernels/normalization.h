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
  int64_t count = 0;  ///< values a channel
};

/// From each image's mean and sum of squared deviations, [images][2][stride], of `pixels` values.
template <typename A>
ChannelStatistics MergeStatistics(const A* of_images, int64_t images, int64_t channels,
                                  int64_t stride, int64_t pixels);

/// Statistics of a channels-last `[N,C,H,W]` of storage type S.
template <typename S, typename A>
ChannelStatistics StatisticsOf(const at::Tensor& x, const KernelTable<S, A>& loops);

/// Makes statistics of each process's images those of all processes' images, with one all-reduce
/// for all of them. Throws CommunicationError if it fails.
void Synchronize(Communicator& communicator, const std::vector<ChannelStatistics*>& statistics);

/// What a batch normalisation does to a channel: scale * x + shift, with
/// scale = weight / deviation, shift = bias - mean * scale.
struct Normalization {
  std::vector<double> mean, inverse_deviation, weight, bias;
  bool by_batch = false;
  int64_t count = 0;  ///< by_batch: ChannelStatistics::count

  double scale(int64_t c) const { return weight[c] * inverse_deviation[c]; }
  double shift(int64_t c) const { return bias[c] - mean[c] * scale(c); }
};

/// By the batch's statistics in training, else by the running ones. Throws c10::Error as
/// CheckCanNormalize.
Normalization MakeNormalization(const BatchNormArgs& batch_norm, const ChannelStatistics& batch);

/// Moves the running statistics, if `batch_norm` says so.
template <typename T>
void UpdateStatistics(const BatchNormArgs& batch_norm, const ChannelStatistics& batch);

/// The gradient before a normalisation from that behind it, channel by channel:
/// factor * gradient + slope * value + offset.
struct NormalizationGradient {
  double factor = 0, slope = 0, offset = 0;
  double weight = 0, bias = 0;  ///< gradients of the affine parameters
};

/// Sums over images, for each channel: of the gradient g behind a normalization, and of
/// g * (value - mean).
struct GradientSums {
  std::vector<double> gradient, deviation;
};

/// Of each image's sums, [images][2][RoundUp(channels)].
template <typename A>
GradientSums SumOverImages(const std::vector<A>& of_images, int64_t images, int64_t channels);

/// Sums over the whole batch: `own` itself without a communicator. Otherwise they go into `memory`:
/// a copy of `own`, in which those at the places `shared` are summed over all processes, with one
/// all-reduce. Throws CommunicationError if it fails.
const std::vector<GradientSums>& SumsOfBatch(Communicator* communicator,
                                             const std::vector<GradientSums>& own,
                                             const std::vector<size_t>& shared,
                                             std::vector<GradientSums>* memory);

/// own: of this process's images, which give its part of the affine parameters' gradients; batch:
/// of all images, which the gradient before a normalization by the batch's statistics depends on.
/// coefficient: what the normalised value is multiplied with before g.
NormalizationGradient BackwardOf(const Normalization& normalization, int64_t channel,
                                 const GradientSums& own, const GradientSums& batch,
                                 double coefficient);

/// The same for all channels, as the loops read it: `factor`, `slope` and `offset` are whole
/// vectors, 0 past the last channel.
template <typename A>
struct NormalizationGradients {
  std::vector<A> factor, slope, offset;
  std::vector<double> weight, bias;
  bool by_batch = false;  ///< else slope and offset are 0
};

/// BackwardOf with a coefficient of 1 for each channel. lanes: KernelTable::lanes.
template <typename A>
NormalizationGradients<A> BackwardOf(const Normalization& normalization, const GradientSums& own,
                                     const GradientSums& batch, int64_t lanes);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_NORMALIZATION_H_
