#include "pdarts/nn/kernels/packing.h"

#include <algorithm>
#include <utility>

#include "ATen/ops/empty.h"
#include "c10/util/BFloat16.h"
#include "glog/logging.h"

namespace pdarts::nn {
namespace {

/// The minimum number of output pixels that are computed together if the left factor is gathered in
/// scratch memory. A row of a small image alone is too short to keep the processor busy.
constexpr int64_t kPixelsTogether = 64;

/// Whether the loops compute or move the left factor of the product.
bool Gathers(const ConvolutionShape& s) { return s.depthwise != 0 || s.stride != 1; }

template <typename A>
at::Tensor Contiguous(const at::Tensor& tensor) {
  CHECK(tensor.scalar_type() == c10::CppTypeToScalarType<A>::value)
      << "weights of " << tensor.dtype() << " where sums are of "
      << c10::CppTypeToScalarType<A>::value;
  CHECK(tensor.device().is_cpu());
  return tensor.detach().contiguous();
}

/// Calls f(offset in the tensor, offset in matrices [taps][rows][columns] with `out` columns) for
/// each element of a part. transposed: the matrices are [taps][out][in].
template <typename F>
void ForEachWeight(const at::Tensor& tensor, const ConvolutionDescription::Part& part,
                   int64_t up_in, int64_t up_out, const F& f) {
  const int64_t in = tensor.size(1), taps = tensor.size(2) * tensor.size(3);
  for (int64_t o = 0; o < tensor.size(0); ++o) {
    for (int64_t i = 0; i < in; ++i) {
      for (int64_t t = 0; t < taps; ++t) {
        const int64_t tap = part.first_tap + t, out = part.first_out + o;
        f((o * in + i) * taps + t, (tap * up_in + i) * up_out + out,
          (tap * up_out + out) * up_in + i);
      }
    }
  }
}

/// Matrices [rows][columns] with an even number of rows, in the form of
/// PackedWeights::forward_pairs.
template <typename A>
std::vector<uint32_t> PairRows(const std::vector<A>& matrix, int64_t columns) {
  const auto half = [&](size_t i) {
    return uint32_t{c10::BFloat16(static_cast<float>(matrix[i])).x};
  };
  std::vector<uint32_t> pairs(matrix.size() / 2);
  for (size_t i = 0; i < pairs.size(); ++i) {
    const size_t even = i / columns * 2 * columns + i % columns;
    pairs[i] = half(even) | half(even + columns) << 16;
  }
  return pairs;
}

/// As above, for a depthwise weight `[C,1,k,k]` and [blocks][k * k][lanes].
template <typename F>
void ForEachDepthwiseWeight(const at::Tensor& tensor, int64_t lanes, const F& f) {
  const int64_t taps = tensor.size(2) * tensor.size(3);
  for (int64_t c = 0; c < tensor.size(0); ++c) {
    for (int64_t t = 0; t < taps; ++t) {
      f(c * taps + t, (c / lanes * taps + t) * lanes + c % lanes);
    }
  }
}

}  // namespace

ConvolutionDescription Describe(const ReluConvolution& c, int64_t in_channels, int64_t in_height,
                                int64_t in_width) {
  CHECK(c.weight.defined() && c.weight.dim() == 4);
  CHECK_EQ(c.weight.size(1), in_channels);
  CHECK(c.stride == 1 || c.stride == 2) << c.stride;
  CHECK(c.dilation == 1 || c.dilation == 2) << c.dilation;
  ConvolutionDescription description;
  ConvolutionShape& s = description.shape;
  s = {};
  s.stride = static_cast<int32_t>(c.stride);
  s.dilation = static_cast<int32_t>(c.dilation);
  s.in_channels = in_channels;
  s.out_channels = c.weight.size(0);
  s.in_height = in_height;
  s.in_width = in_width;
  s.num_taps = 1;
  description.parts.push_back({&ReluConvolution::weight, 0, 0});
  const int64_t k = c.weight.size(2);
  CHECK_EQ(k, c.weight.size(3)) << c.weight.sizes();
  bool takes_bias = true;
  switch (c.kind) {
    case ConvolutionKind::kSeparable:
      CHECK_EQ(k, 1) << c.weight.sizes();
      CHECK(c.depthwise.defined() && c.depthwise.dim() == 4);
      s.depthwise = static_cast<int32_t>(c.depthwise.size(2));
      CHECK(s.depthwise == 3 || s.depthwise == 5) << s.depthwise;
      CHECK(c.depthwise.size(0) == in_channels && c.depthwise.size(1) == 1 &&
            c.depthwise.size(3) == s.depthwise)
          << c.depthwise.sizes();
      s.margin = s.dilation * (s.depthwise / 2);
      takes_bias = false;
      break;
    case ConvolutionKind::kPointwise:
      CHECK_EQ(k, 1) << c.weight.sizes();
      CHECK(c.stride == 1 && c.dilation == 1);
      break;
    case ConvolutionKind::kFactorizedReduce:
      CHECK_EQ(k, 1) << c.weight.sizes();
      CHECK(c.second_weight.defined() && c.second_weight.sizes() == c.weight.sizes());
      CHECK(in_height % 2 == 0 && in_width % 2 == 0)
          << "a factorized reduction of " << in_height << "x" << in_width << " pixels";
      s.stride = 2;
      s.dilation = 1;
      s.num_taps = 2;
      s.taps[1] = {1, 1};
      description.parts.push_back({&ReluConvolution::second_weight, 1, s.out_channels});
      s.out_channels *= 2;
      takes_bias = false;
      break;
    case ConvolutionKind::kDense: {
      CHECK(k == 3 || k == 5) << c.weight.sizes();
      CHECK_EQ(c.stride, 1);
      s.num_taps = static_cast<int32_t>(k * k);
      const auto half = static_cast<int32_t>(k / 2);
      for (int32_t t = 0; t < s.num_taps; ++t) {
        s.taps[t] = {(t / static_cast<int32_t>(k) - half) * s.dilation,
                     (t % static_cast<int32_t>(k) - half) * s.dilation};
      }
      s.margin = half * s.dilation;
      break;
    }
  }
  CHECK(takes_bias || !c.bias.defined());
  CHECK(!c.bias.defined() || c.bias.numel() == s.out_channels);
  s.out_height = (in_height - 1) / s.stride + 1;
  s.out_width = (in_width - 1) / s.stride + 1;
  s.rows = 1;
  if (Gathers(s)) {
    s.rows = static_cast<int32_t>(
        std::max<int64_t>(1, std::min(s.out_height, kPixelsTogether / s.out_width)));
  }
  return description;
}

template <typename A>
PackedConvolution<A>::PackedConvolution(const ReluConvolution& c,
                                        const ConvolutionDescription& description, int64_t lanes,
                                        bool pairs)
    : convolution_(c), description_(description), lanes_(lanes) {
  const ConvolutionShape& s = shape();
  const int64_t up_in = RoundUp(s.in_channels, lanes), up_out = RoundUp(s.out_channels, lanes);
  if (s.depthwise != 0) {
    const at::Tensor depthwise = Contiguous<A>(c.depthwise);
    const A* from = depthwise.const_data_ptr<A>();
    depthwise_.resize(up_in * s.depthwise * s.depthwise);
    ForEachDepthwiseWeight(depthwise, lanes,
                           [&](int64_t i, int64_t packed) { depthwise_[packed] = from[i]; });
  }
  forward_.resize(s.num_taps * up_in * up_out);
  backward_.resize(forward_.size());
  for (const ConvolutionDescription::Part& part : description.parts) {
    const at::Tensor weight = Contiguous<A>(c.*part.tensor);
    const A* from = weight.const_data_ptr<A>();
    ForEachWeight(weight, part, up_in, up_out, [&](int64_t i, int64_t forward, int64_t backward) {
      forward_[forward] = from[i];
      backward_[backward] = from[i];
    });
  }
  if (pairs) {
    forward_pairs_ = PairRows(forward_, up_out);
    backward_pairs_ = PairRows(backward_, up_in);
  }
  if (c.bias.defined()) {
    const at::Tensor bias = Contiguous<A>(c.bias);
    bias_.resize(up_out);
    std::copy_n(bias.const_data_ptr<A>(), s.out_channels, bias_.begin());
  }
}

template <typename A>
PackedWeights<A> PackedConvolution<A>::weights() const {
  const auto data = [](const auto& v) { return v.empty() ? nullptr : v.data(); };
  return {data(depthwise_), forward_.data(),      backward_.data(),
          data(bias_),      data(forward_pairs_), data(backward_pairs_)};
}

template <typename A>
int64_t PackedConvolution<A>::scratch_size() const {
  const ConvolutionShape& s = shape();
  const int64_t up_in = RoundUp(s.in_channels, lanes_), up_out = RoundUp(s.out_channels, lanes_);
  const int64_t gathered = Gathers(s) ? s.num_taps * up_in : 0;
  // A pivot, rows of the gradient of the result, and the gathered values.
  const int64_t size = up_out + s.rows * s.out_width * (up_out + gathered);
  if (forward_pairs_.empty()) return size;
  // Each factor of a product needs two bytes for each element. Numbers of pixels are rounded up to
  // pairs.
  const int64_t pixels = std::max(s.rows * s.out_width, s.in_width) + 1;
  if (Gathers(s) || s.num_taps == 1) return size + s.num_taps * (up_in + up_out) * pixels;
  // Dense convolutions keep the rows that the taps read, with pairs from even and from odd pixels.
  const int64_t window = (2 * s.margin + 1) * (pixels + 2 * s.margin);
  return size + window * std::max(up_in, up_out) + up_out * pixels;
}

template <typename A>
int64_t PackedConvolution<A>::sums_size(const WantedGradients& wanted) const {
  int64_t size = 0;
  if (wanted.depthwise) size += static_cast<int64_t>(depthwise_.size());
  if (wanted.weight || wanted.second_weight) size += static_cast<int64_t>(forward_.size());
  if (wanted.bias) size += RoundUp(shape().out_channels, lanes_);
  return size;
}

template <typename A>
typename PackedConvolution<A>::Sums PackedConvolution<A>::Place(const WantedGradients& wanted,
                                                                A* memory) const {
  Sums sums;
  if (wanted.depthwise) sums.depthwise = std::exchange(memory, memory + depthwise_.size());
  if (wanted.weight || wanted.second_weight) {
    sums.forward = std::exchange(memory, memory + forward_.size());
  }
  if (wanted.bias) sums.bias = memory;
  return sums;
}

template <typename A>
WeightGradients PackedConvolution<A>::Unpack(const WantedGradients& wanted,
                                             const Sums& sums) const {
  const ConvolutionShape& s = shape();
  const int64_t up_in = RoundUp(s.in_channels, lanes_), up_out = RoundUp(s.out_channels, lanes_);
  const auto make = [](const at::Tensor& like) {
    return at::empty(like.sizes(), like.options().requires_grad(false));
  };
  WeightGradients gradients;
  if (wanted.depthwise) {
    gradients.depthwise = make(convolution_.depthwise);
    A* to = gradients.depthwise.mutable_data_ptr<A>();
    ForEachDepthwiseWeight(convolution_.depthwise, lanes_,
                           [&](int64_t i, int64_t packed) { to[i] = sums.depthwise[packed]; });
  }
  for (const ConvolutionDescription::Part& part : description_.parts) {
    const bool second = part.tensor == &ReluConvolution::second_weight;
    if (!(second ? wanted.second_weight : wanted.weight)) continue;
    at::Tensor& gradient = second ? gradients.second_weight : gradients.weight;
    gradient = make(convolution_.*part.tensor);
    A* to = gradient.mutable_data_ptr<A>();
    ForEachWeight(gradient, part, up_in, up_out,
                  [&](int64_t i, int64_t forward, int64_t) { to[i] = sums.forward[forward]; });
  }
  if (wanted.bias) {
    gradients.bias = make(convolution_.bias);
    std::copy_n(sums.bias, s.out_channels, gradients.bias.mutable_data_ptr<A>());
  }
  return gradients;
}

template class PackedConvolution<float>;
template class PackedConvolution<double>;

}  // namespace pdarts::nn
