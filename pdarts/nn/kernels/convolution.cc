#include "pdarts/nn/kernels/convolution.h"

#include <memory>
#include <utility>
#include <vector>

#include "ATen/ops/empty.h"
#include "glog/logging.h"
#include "pdarts/nn/kernels/composition.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/normalization.h"
#include "pdarts/nn/kernels/packing.h"
#include "pdarts/nn/kernels/parallel.h"
#include "pdarts/nn/kernels/scratch.h"

namespace pdarts::nn {
namespace {

/// Per-channel numbers as the loops read them: whole vectors, 0 past the last channel.
template <typename T, typename F>
std::vector<T> ChannelValues(int64_t channels, int64_t lanes, const F& value) {
  std::vector<T> values(RoundUp(channels, lanes));
  for (int64_t c = 0; c < channels; ++c) values[c] = static_cast<T>(value(c));
  return values;
}

/// x (channels-last) under ReLU, normalised before it if `scale` isn't empty.
template <typename T>
void LoadImage(const KernelTable<T>& loops, const at::Tensor& x, int64_t n,
               const std::vector<T>& scale, const std::vector<T>& shift, Plane<T> out) {
  const int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
  loops.load_relu({x.const_data_ptr<T>() + n * channels * height * width, channels}, channels,
                  height, width, scale.empty() ? nullptr : scale.data(),
                  scale.empty() ? nullptr : shift.data(), out);
}

template <typename T>
Plane<const T> Const(Plane<T> plane) {
  return {plane.data, plane.block, plane.row};
}

template <typename T>
at::Tensor Forward(const KernelTable<T>& loops, const at::Tensor& x,
                   const PackedConvolution<T>& packed, const std::vector<T>& scale,
                   const std::vector<T>& shift) {
  const ConvolutionShape& s = packed.shape();
  at::Tensor out = at::empty({x.size(0), s.out_channels, s.out_height, s.out_width},
                             x.options().requires_grad(false), at::MemoryFormat::ChannelsLast);
  T* to = out.mutable_data_ptr<T>();
  const int64_t size = s.out_channels * s.out_height * s.out_width;
  ParallelFor(x.size(0), [&](int64_t, int64_t begin, int64_t end) {
    Scratch& scratch = Scratch::OfThread();
    scratch.Reset();
    const Plane<T> plane =
        scratch.GetPlane<T>(s.in_channels, s.in_height, s.in_width, packed.padding(), loops.lanes);
    T* work = scratch.Get<T>(packed.scratch_size());
    for (int64_t n = begin; n < end; ++n) {
      LoadImage<T>(loops, x, n, scale, shift, plane);
      loops.convolution(s, Const(plane), packed.weights(), {to + n * size, s.out_channels}, nullptr,
                        nullptr, work);
    }
  });
  return out;
}

/// Inputs: x, depthwise, weight, second weight, bias, the normalisation's weight and bias.
template <typename T>
class ConvolveNode : public FusedNode {
 public:
  InstructionSet instructions = InstructionSet::kPortable;
  ReluConvolution convolution;  ///< without the weights' tensors
  std::vector<int64_t> weights;
  bool normalizes = false;
  Normalization normalization;

  std::string name() const override { return "pdarts::Convolve"; }

  torch::autograd::variable_list Backward(torch::autograd::variable_list gradients) override {
    torch::autograd::variable_list results(7);
    if (!gradients[0].defined()) return results;
    const at::Tensor x = Saved(0);
    ReluConvolution c = convolution;
    at::Tensor* const tensors[] = {&c.depthwise, &c.weight, &c.second_weight, &c.bias};
    for (size_t i = 0; i < 4; ++i) *tensors[i] = Saved(i + 1);
    const at::Tensor gradient = ChannelsLast(gradients[0]);
    const KernelTable<T>& loops = Loops<T>(instructions);
    const PackedConvolution<T> packed(c, x.size(1), x.size(2), x.size(3), loops.lanes);
    const ConvolutionShape& s = packed.shape();

    const bool wants_affine = normalizes && (Wants(5) || Wants(6));
    const bool wants_input = Wants(0) || wants_affine;
    WantedGradients wanted;
    wanted.depthwise = c.depthwise.defined() && Wants(1);
    wanted.weight = Wants(2);
    wanted.second_weight = c.second_weight.defined() && Wants(3);
    wanted.bias = c.bias.defined() && Wants(4);

    const int64_t images = x.size(0), channels = x.size(1), pixels = x.size(2) * x.size(3);
    const int64_t up = RoundUp(channels, loops.lanes);
    std::vector<T> scale, shift, mean;
    if (normalizes) {
      scale = ChannelValues<T>(channels, loops.lanes,
                               [&](int64_t i) { return normalization.scale(i); });
      shift = ChannelValues<T>(channels, loops.lanes,
                               [&](int64_t i) { return normalization.shift(i); });
      mean =
          ChannelValues<T>(channels, loops.lanes, [&](int64_t i) { return normalization.mean[i]; });
    }
    at::Tensor dx;
    if (wants_input) dx = at::empty_like(x, at::MemoryFormat::ChannelsLast);
    const int64_t sums_size = packed.sums_size(wanted);
    std::vector<T> sums(sums_size * NumChunks(images));
    // [image][2][up]: sums of the gradient behind the normalisation, and of it times the deviation.
    std::vector<T> normalization_sums(normalizes && wants_input ? images * 2 * up : 0);
    const T* from = x.const_data_ptr<T>();
    const T* g = gradient.const_data_ptr<T>();
    const int64_t out_size = s.out_channels * s.out_height * s.out_width;
    const int64_t margin = packed.padding();
    ParallelFor(images, [&](int64_t chunk, int64_t begin, int64_t end) {
      Scratch& scratch = Scratch::OfThread();
      scratch.Reset();
      const Plane<T> plane =
          scratch.GetPlane<T>(channels, s.in_height, s.in_width, margin, loops.lanes);
      const Plane<T> middle =
          s.kind == ConvolutionKind::kDense
              ? scratch.GetPlane<T>(s.out_channels, s.out_height, s.out_width, margin, loops.lanes)
              : scratch.GetPlane<T>(channels, s.out_height, s.out_width, margin, loops.lanes);
      T* work = scratch.Get<T>(packed.scratch_size());
      T* input_memory = nullptr;
      Plane<T> input_gradient = {nullptr, 0, 0};
      const int64_t plane_size = (s.in_height + 2 * margin) * plane.row * (up / loops.lanes);
      if (wants_input) {
        input_memory = scratch.Get<T>(plane_size);
        input_gradient = {input_memory + margin * plane.row + margin * loops.lanes, plane.block,
                          plane.row};
      }
      const auto chunk_sums = packed.Place(wanted, sums.data() + chunk * sums_size);
      for (int64_t n = begin; n < end; ++n) {
        LoadImage<T>(loops, x, n, scale, shift, plane);
        if (wants_input) std::memset(input_memory, 0, plane_size * sizeof(T));
        const AffineGradient<T> image_gradient = {
            {g + n * out_size, s.out_channels}, {nullptr, 0}, nullptr, nullptr, nullptr};
        loops.convolution_backward(s, Const(plane), image_gradient, packed.weights(), middle,
                                   input_gradient, chunk_sums.depthwise, chunk_sums.forward,
                                   chunk_sums.bias, work);
        if (!wants_input) continue;
        loops.mask_by_relu(Const(plane), channels, s.in_height, s.in_width, input_gradient);
        T* to = dx.mutable_data_ptr<T>() + n * pixels * channels;
        loops.combine(Const(input_gradient), nullptr, 0, nullptr, channels, s.in_height, s.in_width,
                      {to, channels});
        if (!normalizes) continue;
        const LinearTerm<T> terms[] = {
            {{nullptr, 0}, nullptr, {nullptr, 0}},
            {{from + n * pixels * channels, channels}, mean.data(), {nullptr, 0}}};
        loops.gradient_sums({to, channels}, terms, 2, channels, pixels,
                            normalization_sums.data() + n * 2 * up);
      }
    });

    if (wanted.any()) {
      for (int64_t chunk = 1; chunk < NumChunks(images); ++chunk) {
        for (int64_t i = 0; i < sums_size; ++i) sums[i] += sums[chunk * sums_size + i];
      }
      const WeightGradients unpacked = packed.Unpack(wanted, packed.Place(wanted, sums.data()));
      results[1] = unpacked.depthwise;
      results[2] = unpacked.weight;
      results[3] = unpacked.second_weight;
      results[4] = unpacked.bias;
    }
    if (normalizes && wants_input) {
      std::vector<T> factor(up), slope(up), offset(up), weight(channels), bias(channels);
      for (int64_t i = 0; i < channels; ++i) {
        double sum = 0, deviation = 0;
        for (int64_t n = 0; n < images; ++n) {
          sum += normalization_sums[n * 2 * up + i];
          deviation += normalization_sums[(n * 2 + 1) * up + i];
        }
        const NormalizationGradient back =
            BackwardOf(normalization, i, sum, deviation, images * pixels, 1);
        factor[i] = static_cast<T>(back.factor);
        slope[i] = static_cast<T>(back.slope);
        offset[i] = static_cast<T>(back.offset);
        weight[i] = static_cast<T>(back.weight);
        bias[i] = static_cast<T>(back.bias);
      }
      if (Wants(0)) {
        ParallelFor(images, [&](int64_t, int64_t begin, int64_t end) {
          for (int64_t n = begin; n < end; ++n) {
            T* to = dx.mutable_data_ptr<T>() + n * pixels * channels;
            loops.affine_gradient({{to, channels},
                                   {from + n * pixels * channels, channels},
                                   factor.data(),
                                   slope.data(),
                                   offset.data()},
                                  {nullptr, 0}, channels, pixels, {to, channels});
          }
        });
      }
      const auto tensor = [&](const std::vector<T>& values) {
        at::Tensor t = at::empty({channels}, x.options().requires_grad(false));
        std::copy(values.begin(), values.end(), t.template mutable_data_ptr<T>());
        return t;
      };
      if (Wants(5)) results[5] = tensor(weight);
      if (Wants(6)) results[6] = tensor(bias);
    }
    if (Wants(0)) results[0] = dx;
    return results;
  }
};

template <typename T>
at::Tensor ConvolveWithLoops(InstructionSet instructions, const at::Tensor& input,
                             const ReluConvolution& c,
                             const std::optional<BatchNormArgs>& batch_norm) {
  const KernelTable<T>& loops = Loops<T>(instructions);
  const BatchNormArgs bn = batch_norm.value_or(BatchNormArgs());
  const std::vector<at::Tensor> inputs = {input,  c.depthwise, c.weight, c.second_weight,
                                          c.bias, bn.weight,   bn.bias};
  at::Tensor x, out;
  Normalization normalization;
  {
    at::NoGradGuard no_grad;
    x = ChannelsLast(input);
    const PackedConvolution<T> packed(c, x.size(1), x.size(2), x.size(3), loops.lanes);
    std::vector<T> scale, shift;
    if (batch_norm) {
      ChannelStatistics batch;
      batch.mean.resize(x.size(1));
      if (bn.training) batch = StatisticsOf<T>(x, loops);
      normalization = MakeNormalization(bn, batch);
      UpdateStatistics<T>(bn, batch);
      scale = ChannelValues<T>(x.size(1), loops.lanes,
                               [&](int64_t i) { return normalization.scale(i); });
      shift = ChannelValues<T>(x.size(1), loops.lanes,
                               [&](int64_t i) { return normalization.shift(i); });
    }
    out = Forward<T>(loops, x, packed, scale, shift);
  }
  if (!NeedsGraph(inputs)) return out;
  const auto node = MakeFusedNode<ConvolveNode<T>>();
  node->Save(x);
  for (size_t i = 1; i < 5; ++i) node->Save(inputs[i]);
  node->instructions = instructions;
  node->convolution.kind = c.kind;
  node->convolution.stride = c.stride;
  node->convolution.dilation = c.dilation;
  node->normalizes = batch_norm.has_value();
  node->normalization = std::move(normalization);
  Connect(node, inputs, out);
  return out;
}

}  // namespace

at::Tensor Convolve(const Backend& backend, const at::Tensor& x, const ReluConvolution& convolution,
                    const std::optional<BatchNormArgs>& batch_norm) {
  CHECK_EQ(x.dim(), 4) << "[N,C,H,W]";
  if (backend.kernels == REFERENCE) return composition::Convolve(x, convolution, batch_norm);
  return DispatchFloating(x, [&](auto zero) {
    return ConvolveWithLoops<decltype(zero)>(backend.instructions, x, convolution, batch_norm);
  });
}

at::Tensor ReluDepthwisePointwise(const Backend& backend, const at::Tensor& x,
                                  const at::Tensor& depthwise, const at::Tensor& pointwise,
                                  int64_t stride, int64_t dilation) {
  ReluConvolution convolution;
  convolution.stride = stride;
  convolution.dilation = dilation;
  convolution.depthwise = depthwise;
  convolution.weight = pointwise;
  return Convolve(backend, x, convolution);
}

at::Tensor BatchNormReluDepthwisePointwise(const Backend& backend, const at::Tensor& x,
                                           const BatchNormArgs& batch_norm,
                                           const at::Tensor& depthwise, const at::Tensor& pointwise,
                                           int64_t stride, int64_t dilation) {
  ReluConvolution convolution;
  convolution.stride = stride;
  convolution.dilation = dilation;
  convolution.depthwise = depthwise;
  convolution.weight = pointwise;
  return Convolve(backend, x, convolution, batch_norm);
}

at::Tensor ReluPointwise(const Backend& backend, const at::Tensor& x, const at::Tensor& weight) {
  ReluConvolution convolution;
  convolution.kind = ConvolutionKind::kPointwise;
  convolution.weight = weight;
  return Convolve(backend, x, convolution);
}

at::Tensor ReluFactorizedReduce(const Backend& backend, const at::Tensor& x,
                                const at::Tensor& first, const at::Tensor& second) {
  ReluConvolution convolution;
  convolution.kind = ConvolutionKind::kFactorizedReduce;
  convolution.stride = 2;
  convolution.weight = first;
  convolution.second_weight = second;
  return Convolve(backend, x, convolution);
}

}  // namespace pdarts::nn
