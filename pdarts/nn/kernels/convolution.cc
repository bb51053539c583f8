#include "pdarts/nn/kernels/convolution.h"

#include <memory>
#include <utility>
#include <vector>

#include "ATen/ops/empty.h"
#include "glog/logging.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/nn/kernels/batch.h"
#include "pdarts/nn/kernels/composition.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/normalization.h"
#include "pdarts/nn/kernels/packing.h"
#include "pdarts/nn/kernels/parallel.h"
#include "pdarts/nn/kernels/scratch.h"
#include "pdarts/nn/kernels/scratch_planes.h"

namespace pdarts::nn {
namespace {

/// A part of a convolution's result: some of its rows.
struct Band {
  ConvolutionShape shape;  ///< of a convolution that has only these rows
  /// The first pixels of the band in the input and in the result.
  int64_t first_in = 0, first_out = 0;
};

/// The number of bands into which the convolution of each image is divided, so that every thread
/// has work. Rows of a result are independent if no input row is read for two of them.
int64_t NumBands(const ConvolutionShape& s, int64_t images) {
  if (s.depthwise != 0 || s.margin != 0 || s.in_height != s.out_height * s.stride) return 1;
  return NumParts(images, s.out_height);
}

Band BandOf(const ConvolutionShape& s, int64_t bands, int64_t band) {
  if (bands == 1) return {s, 0, 0};
  const PixelRange rows = Piece(s.out_height, bands, band);
  Band result = {s, rows.begin * s.stride * s.in_width, rows.begin * s.out_width};
  result.shape.out_height = rows.size();
  result.shape.in_height = rows.size() * s.stride;
  return result;
}

/// Pixels of an image after the ReLU. If `scale` is not empty, they are normalized before the ReLU.
template <typename S, typename A>
void LoadBand(const KernelTable<S, A>& loops, const ConvolutionShape& s, Pixels<const S> x,
              const std::vector<A>& scale, const std::vector<A>& shift, Plane<A> out) {
  loops.load_relu(x, s.in_channels, s.in_height, s.in_width, scale.empty() ? nullptr : scale.data(),
                  scale.empty() ? nullptr : shift.data(), out);
}

template <typename S, typename A>
at::Tensor Forward(const KernelTable<S, A>& loops, const at::Tensor& x,
                   const PackedConvolution<A>& packed, const std::vector<A>& scale,
                   const std::vector<A>& shift) {
  const ConvolutionShape& s = packed.shape();
  at::Tensor out = at::empty({x.size(0), s.out_channels, s.out_height, s.out_width},
                             x.options().requires_grad(false), at::MemoryFormat::ChannelsLast);
  const Batch<S> from = WholeBatch<S>(x), to = WholeBatch<S>(out);
  const int64_t bands = NumBands(s, x.size(0));
  ParallelFor(x.size(0) * bands, [&](int64_t, int64_t begin, int64_t end) {
    Scratch& scratch = Scratch::OfThread();
    scratch.Reset();
    ScratchPlanes<A> planes(scratch, s.margin, loops.lanes);
    A* work = scratch.Get<A>(packed.scratch_size());
    for (int64_t task = begin; task < end; ++task) {
      const int64_t n = task / bands;
      const Band band = BandOf(s, bands, task % bands);
      const Plane<A> plane = planes.Get(s.in_channels, band.shape.in_height, s.in_width);
      LoadBand<S>(loops, band.shape, From(Const(from.image(n)), band.first_in), scale, shift,
                  plane);
      loops.convolution(band.shape, Const(plane), packed.weights(),
                        From(to.image(n), band.first_out), nullptr, nullptr, work);
    }
  });
  return out;
}

/// Inputs: x, depthwise, weight, second weight, bias, the normalization's weight and bias.
template <typename S>
class ConvolveNode : public FusedNode {
 public:
  InstructionSet instructions = InstructionSet::kPortable;
  ReluConvolution convolution;  ///< without the weights' tensors
  std::vector<int64_t> weights;
  bool normalizes = false;
  Normalization normalization;
  Communicator* communicator = nullptr;  ///< of the normalization

  std::string name() const override { return "pdarts::Convolve"; }

  torch::autograd::variable_list Backward(torch::autograd::variable_list gradients) override {
    torch::autograd::variable_list results(7);
    if (!gradients[0].defined()) return results;
    const at::Tensor x = Saved(0);
    ReluConvolution c = convolution;
    at::Tensor* const tensors[] = {&c.depthwise, &c.weight, &c.second_weight, &c.bias};
    for (size_t i = 0; i < 4; ++i) *tensors[i] = Saved(i + 1);
    const at::Tensor gradient = ChannelsLast(gradients[0]);
    using A = Accumulator<S>;
    const KernelTable<S, A>& loops = Loops<S>(instructions);
    const PackedConvolution<A> packed(c, Describe(c, x.size(1), x.size(2), x.size(3)), loops.lanes,
                                      loops.multiplies_pairs);
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
    std::vector<A> scale, shift, mean;
    if (normalizes) {
      scale = ChannelValues<A>(channels, loops.lanes,
                               [&](int64_t i) { return normalization.scale(i); });
      shift = ChannelValues<A>(channels, loops.lanes,
                               [&](int64_t i) { return normalization.shift(i); });
      mean =
          ChannelValues<A>(channels, loops.lanes, [&](int64_t i) { return normalization.mean[i]; });
    }
    at::Tensor dx;
    if (wants_input) dx = at::empty_like(x, at::MemoryFormat::ChannelsLast);
    const int64_t sums_size = packed.sums_size(wanted);
    const int64_t bands = NumBands(s, images);
    std::vector<A> sums(sums_size * NumChunks(images * bands));
    // [band][image][2][up]: the sum of the gradient behind the normalization, and the sum of the
    // gradient times (value - mean).
    std::vector<A> normalization_sums(normalizes && wants_input ? bands * images * 2 * up : 0);
    const Batch<S> from = WholeBatch<S>(x), g = WholeBatch<S>(gradient);
    const Batch<S> to = wants_input ? WholeBatch<S>(dx) : Batch<S>();
    ParallelFor(images * bands, [&](int64_t chunk, int64_t begin, int64_t end) {
      Scratch& scratch = Scratch::OfThread();
      scratch.Reset();
      ScratchPlanes<A> relus(scratch, s.margin, loops.lanes);
      ScratchPlanes<A> middles(scratch, s.margin, loops.lanes);
      ScratchPlanes<A> input_gradients(scratch, s.margin, loops.lanes);
      const Plane<A> middle = MiddlePlane(s, middles);
      A* work = scratch.Get<A>(packed.scratch_size());
      const auto chunk_sums = packed.Place(wanted, sums.data() + chunk * sums_size);
      for (int64_t task = begin; task < end; ++task) {
        const int64_t n = task / bands;
        const Band band = BandOf(s, bands, task % bands);
        const Pixels<const S> image = From(Const(from.image(n)), band.first_in);
        const int64_t height = band.shape.in_height;
        Plane<A> plane = {nullptr, 0, 0}, input_gradient = {nullptr, 0, 0};
        if (chunk_sums.read_input()) {
          plane = relus.Get(channels, height, s.in_width);
          LoadBand<S>(loops, band.shape, image, scale, shift, plane);
        }
        if (wants_input) input_gradient = InputGradientPlane(band.shape, input_gradients);
        loops.convolution_backward(
            band.shape, Const(plane),
            {From(Const(g.image(n)), band.first_out), {nullptr, 0}, nullptr, nullptr, nullptr},
            packed.weights(), middle, input_gradient, ReplacesGradient(s), chunk_sums.depthwise,
            chunk_sums.forward, chunk_sums.bias, work);
        if (!wants_input) continue;
        A* own_sums =
            normalizes ? normalization_sums.data() + (task % bands * images + n) * 2 * up : nullptr;
        loops.relu_backward(Const(input_gradient), image, channels, height, s.in_width,
                            normalizes ? scale.data() : nullptr,
                            normalizes ? shift.data() : nullptr, normalizes ? mean.data() : nullptr,
                            From(to.image(n), band.first_in), own_sums);
      }
    });

    if (wanted.any()) {
      AddChunks(sums_size, sums);
      const WeightGradients unpacked = packed.Unpack(wanted, packed.Place(wanted, sums.data()));
      results[1] = unpacked.depthwise;
      results[2] = unpacked.weight;
      results[3] = unpacked.second_weight;
      results[4] = unpacked.bias;
    }
    if (normalizes && wants_input) {
      const std::vector<GradientSums> own = {
          SumOverImages(normalization_sums, bands * images, channels)};
      std::vector<GradientSums> memory;
      const NormalizationGradients<A> back = BackwardOf<A>(
          normalization, own[0], SumsOfBatch(communicator, own, {0}, &memory)[0], loops.lanes);
      if (Wants(0)) {
        ForPieces(
            images, pixels, NumParts(images, pixels), [&](int64_t n, PixelRange range, int64_t) {
              loops.affine_gradient(
                  {From(Const(to.image(n)), range.begin), From(Const(from.image(n)), range.begin),
                   back.factor.data(), back.slope.data(), back.offset.data()},
                  {nullptr, 0}, channels, range.size(), From(to.image(n), range.begin));
            });
      }
      if (Wants(5)) results[5] = ToTensor<A>(back.weight, x);
      if (Wants(6)) results[6] = ToTensor<A>(back.bias, x);
    }
    if (Wants(0)) results[0] = dx;
    return results;
  }
};

template <typename S>
at::Tensor ConvolveWithLoops(InstructionSet instructions, const at::Tensor& input,
                             const ReluConvolution& c,
                             const std::optional<BatchNormArgs>& batch_norm) {
  using A = Accumulator<S>;
  const BatchNormArgs bn = batch_norm.value_or(BatchNormArgs());
  const std::vector<at::Tensor> inputs = {input,  c.depthwise, c.weight, c.second_weight,
                                          c.bias, bn.weight,   bn.bias};
  at::Tensor x, out;
  Normalization normalization;
  {
    at::NoGradGuard no_grad;
    x = ChannelsLast(input);
    const KernelTable<S, A>& loops = Loops<S>(instructions);
    NoteFusedKernels(instructions);
    const PackedConvolution<A> packed(c, Describe(c, x.size(1), x.size(2), x.size(3)), loops.lanes,
                                      loops.multiplies_pairs);
    std::vector<A> scale, shift;
    if (batch_norm) {
      ChannelStatistics batch;
      batch.mean.resize(x.size(1));
      if (bn.training) batch = StatisticsOf(x, loops);
      if (IsSynchronized(bn)) Synchronize(*bn.communicator, {&batch});
      normalization = MakeNormalization(bn, batch);
      UpdateStatistics<A>(bn, batch);
      scale = ChannelValues<A>(x.size(1), loops.lanes,
                               [&](int64_t i) { return normalization.scale(i); });
      shift = ChannelValues<A>(x.size(1), loops.lanes,
                               [&](int64_t i) { return normalization.shift(i); });
    }
    out = Forward<S, A>(loops, x, packed, scale, shift);
  }
  if (!NeedsGraph(inputs)) return out;
  const auto node = MakeFusedNode<ConvolveNode<S>>();
  node->Save(x);
  for (size_t i = 1; i < 5; ++i) node->Save(inputs[i]);
  node->instructions = instructions;
  node->convolution.kind = c.kind;
  node->convolution.stride = c.stride;
  node->convolution.dilation = c.dilation;
  node->normalizes = batch_norm.has_value();
  node->normalization = std::move(normalization);
  if (bn.training) node->communicator = bn.communicator;
  Connect(node, inputs, {out});
  return out;
}

}  // namespace

at::Tensor Convolve(const Backend& backend, const at::Tensor& x, const ReluConvolution& convolution,
                    const std::optional<BatchNormArgs>& batch_norm) {
  CHECK_EQ(x.dim(), 4) << "[N,C,H,W]";
  if (backend.kernels != FUSED) return composition::Convolve(x, convolution, batch_norm);
  return DispatchStorage(x, [&](auto zero) {
    return ConvolveWithLoops<decltype(zero)>(backend.instructions, x, convolution, batch_norm);
  });
}

}  // namespace pdarts::nn
