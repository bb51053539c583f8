#include "pdarts/nn/kernels/normalization.h"

#include <algorithm>
#include <cmath>

#include "ATen/ops/empty.h"
#include "glog/logging.h"
#include "pdarts/core/communication_error.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/packing.h"
#include "pdarts/nn/kernels/parallel.h"

namespace pdarts::nn {
namespace {

/// The values of a tensor; `fallback` for each channel if the tensor is undefined.
std::vector<double> Values(const at::Tensor& tensor, int64_t channels, double fallback) {
  std::vector<double> values(channels, fallback);
  if (!tensor.defined()) return values;
  CHECK_EQ(tensor.numel(), channels);
  const at::Tensor plain = tensor.detach().contiguous();
  if (plain.scalar_type() == at::kFloat) {
    std::copy_n(plain.const_data_ptr<float>(), channels, values.begin());
  } else {
    std::copy_n(plain.const_data_ptr<double>(), channels, values.begin());
  }
  return values;
}

}  // namespace

template <typename T>
ChannelStatistics MergeStatistics(const T* of_images, int64_t images, int64_t channels,
                                  int64_t stride, int64_t pixels) {
  ChannelStatistics merged;
  merged.mean.resize(channels);
  merged.variance.resize(channels);
  merged.count = images * pixels;
  for (int64_t n = 0; n < images; ++n) {
    const T* mean = of_images + n * 2 * stride;
    for (int64_t c = 0; c < channels; ++c) merged.mean[c] += mean[c];
  }
  for (int64_t c = 0; c < channels; ++c) merged.mean[c] /= static_cast<double>(images);
  for (int64_t n = 0; n < images; ++n) {
    const T* mean = of_images + n * 2 * stride;
    const T* squares = mean + stride;
    for (int64_t c = 0; c < channels; ++c) {
      const double d = mean[c] - merged.mean[c];
      merged.variance[c] += squares[c] + static_cast<double>(pixels) * d * d;
    }
  }
  for (int64_t c = 0; c < channels; ++c) merged.variance[c] /= static_cast<double>(merged.count);
  return merged;
}

template <typename S, typename A>
ChannelStatistics StatisticsOf(const at::Tensor& x, const KernelTable<S, A>& loops) {
  const int64_t images = x.size(0), channels = x.size(1), pixels = x.size(2) * x.size(3);
  const int64_t up = RoundUp(channels, loops.lanes);
  // MergeStatistics wants pieces of the same size.
  int64_t pieces = NumParts(images, pixels);
  while (pixels % pieces != 0) --pieces;
  const int64_t size = pixels / pieces;
  std::vector<A> of_pieces(images * pieces * 2 * up);
  const S* data = ConstData<S>(x);
  ParallelFor(images * pieces, [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      A* mean = of_pieces.data() + n * 2 * up;
      loops.statistics({data + n * size * channels, channels}, channels, size, mean, mean + up);
    }
  });
  return MergeStatistics<A>(of_pieces.data(), images * pieces, channels, up, size);
}

void Synchronize(Communicator& communicator, const std::vector<ChannelStatistics*>& statistics) {
  if (statistics.empty()) return;
  size_t size = 0;
  for (const ChannelStatistics* s : statistics) size += 1 + 2 * s->mean.size();
  // For each normalization: the count, and then the sums of the values and of the squares of each
  // channel.
  const at::Tensor sums = at::empty({static_cast<int64_t>(size)}, at::kDouble);
  double* out = sums.mutable_data_ptr<double>();
  for (const ChannelStatistics* s : statistics) {
    const auto count = static_cast<double>(s->count);
    *out++ = count;
    for (size_t c = 0; c < s->mean.size(); ++c) {
      *out++ = count * s->mean[c];
      *out++ = count * (s->variance[c] + s->mean[c] * s->mean[c]);
    }
  }
  AllReduceOrThrow(communicator, {sums});
  const double* in = sums.const_data_ptr<double>();
  for (ChannelStatistics* s : statistics) {
    const double count = *in++;
    s->count = static_cast<int64_t>(count);
    for (size_t c = 0; c < s->mean.size(); ++c) {
      s->mean[c] = *in++ / count;
      const double variance = *in++ / count - s->mean[c] * s->mean[c];
      // Rounding must not make the variance negative. NaN stays NaN.
      s->variance[c] = variance < 0 ? 0 : variance;
    }
  }
}

Normalization MakeNormalization(const BatchNormArgs& bn, const ChannelStatistics& batch) {
  const auto channels = static_cast<int64_t>(batch.mean.size());
  Normalization n;
  CheckCanNormalize(bn.training, batch.count, channels);
  n.by_batch = bn.training;
  n.count = batch.count;
  n.weight = Values(bn.weight, channels, 1);
  n.bias = Values(bn.bias, channels, 0);
  if (bn.training) {
    n.mean = batch.mean;
    n.inverse_standard_deviation = batch.variance;
  } else {
    CHECK(bn.running_mean.defined() && bn.running_var.defined());
    n.mean = Values(bn.running_mean, channels, 0);
    n.inverse_standard_deviation = Values(bn.running_var, channels, 0);
  }
  for (double& v : n.inverse_standard_deviation) v = 1 / std::sqrt(v + bn.eps);
  return n;
}

template <typename T>
void UpdateStatistics(const BatchNormArgs& bn, const ChannelStatistics& batch) {
  if (!bn.training || !bn.update_statistics || !bn.running_mean.defined()) return;
  const auto channels = static_cast<int64_t>(batch.mean.size());
  CHECK(bn.running_mean.is_contiguous() && bn.running_var.is_contiguous());
  CHECK(bn.running_mean.numel() == channels && bn.running_var.numel() == channels);
  T* mean = bn.running_mean.mutable_data_ptr<T>();
  T* variance = bn.running_var.mutable_data_ptr<T>();
  const double unbias = static_cast<double>(batch.count) / static_cast<double>(batch.count - 1);
  for (int64_t c = 0; c < channels; ++c) {
    mean[c] = static_cast<T>(mean[c] * (1 - bn.momentum) + batch.mean[c] * bn.momentum);
    variance[c] =
        static_cast<T>(variance[c] * (1 - bn.momentum) + batch.variance[c] * unbias * bn.momentum);
  }
}

template <typename A>
GradientSums SumOverImages(const std::vector<A>& of_images, int64_t images, int64_t channels) {
  const int64_t up = static_cast<int64_t>(of_images.size()) / (2 * images);
  GradientSums sums = {std::vector<double>(channels), std::vector<double>(channels)};
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t n = 0; n < images; ++n) {
      sums.gradient[c] += of_images[n * 2 * up + c];
      sums.deviation[c] += of_images[(n * 2 + 1) * up + c];
    }
  }
  return sums;
}

const std::vector<GradientSums>& SumsOfBatch(Communicator* communicator,
                                             const std::vector<GradientSums>& own,
                                             const std::vector<size_t>& shared,
                                             std::vector<GradientSums>* memory) {
  if (communicator == nullptr) return own;
  *memory = own;
  if (shared.empty()) return *memory;
  size_t size = 0;
  for (const size_t i : shared) size += 2 * own[i].gradient.size();
  const at::Tensor flat = at::empty({static_cast<int64_t>(size)}, at::kDouble);
  double* out = flat.mutable_data_ptr<double>();
  for (const size_t i : shared) {
    out = std::copy(own[i].gradient.begin(), own[i].gradient.end(), out);
    out = std::copy(own[i].deviation.begin(), own[i].deviation.end(), out);
  }
  AllReduceOrThrow(*communicator, {flat});
  const double* in = flat.const_data_ptr<double>();
  for (const size_t i : shared) {
    for (std::vector<double>* sums : {&(*memory)[i].gradient, &(*memory)[i].deviation}) {
      std::copy_n(in, sums->size(), sums->begin());
      in += sums->size();
    }
  }
  return *memory;
}

NormalizationGradient BackwardOf(const Normalization& n, int64_t c, const GradientSums& own,
                                 const GradientSums& batch, double coefficient) {
  NormalizationGradient g;
  const double inverse = n.inverse_standard_deviation[c];
  g.factor = coefficient * n.scale(c);
  if (n.by_batch) {
    const double share = 1 / static_cast<double>(n.count);
    g.slope = -g.factor * inverse * inverse * batch.deviation[c] * share;
    g.offset = -g.factor * batch.gradient[c] * share - g.slope * n.mean[c];
  }
  g.weight = coefficient * inverse * own.deviation[c];
  g.bias = coefficient * own.gradient[c];
  return g;
}

template <typename A>
NormalizationGradients<A> BackwardOf(const Normalization& normalization, const GradientSums& own,
                                     const GradientSums& batch, int64_t lanes) {
  const auto channels = static_cast<int64_t>(normalization.mean.size());
  const int64_t up = RoundUp(channels, lanes);
  NormalizationGradients<A> g = {std::vector<A>(up),
                                 std::vector<A>(up),
                                 std::vector<A>(up),
                                 std::vector<double>(channels),
                                 std::vector<double>(channels),
                                 normalization.by_batch};
  for (int64_t c = 0; c < channels; ++c) {
    const NormalizationGradient back = BackwardOf(normalization, c, own, batch, /*coefficient=*/1);
    g.factor[c] = static_cast<A>(back.factor);
    g.slope[c] = static_cast<A>(back.slope);
    g.offset[c] = static_cast<A>(back.offset);
    g.weight[c] = back.weight;
    g.bias[c] = back.bias;
  }
  return g;
}

template GradientSums SumOverImages(const std::vector<float>&, int64_t, int64_t);
template GradientSums SumOverImages(const std::vector<double>&, int64_t, int64_t);
template NormalizationGradients<float> BackwardOf(const Normalization&, const GradientSums&,
                                                  const GradientSums&, int64_t);
template NormalizationGradients<double> BackwardOf(const Normalization&, const GradientSums&,
                                                   const GradientSums&, int64_t);
template ChannelStatistics MergeStatistics(const float*, int64_t, int64_t, int64_t, int64_t);
template ChannelStatistics MergeStatistics(const double*, int64_t, int64_t, int64_t, int64_t);
template ChannelStatistics StatisticsOf(const at::Tensor&, const KernelTable<float, float>&);
template ChannelStatistics StatisticsOf(const at::Tensor&, const KernelTable<double, double>&);
template ChannelStatistics StatisticsOf(const at::Tensor&, const KernelTable<Bfloat16, float>&);
template void UpdateStatistics<float>(const BatchNormArgs&, const ChannelStatistics&);
template void UpdateStatistics<double>(const BatchNormArgs&, const ChannelStatistics&);

}  // namespace pdarts::nn
