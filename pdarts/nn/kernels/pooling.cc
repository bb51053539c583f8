#include "pdarts/nn/kernels/pooling.h"

#include <cstring>
#include <string>
#include <vector>

#include "ATen/ops/empty.h"
#include "glog/logging.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/nn/kernels/composition.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/packing.h"
#include "pdarts/nn/kernels/parallel.h"
#include "pdarts/nn/kernels/scratch.h"

namespace pdarts::nn {
namespace {

/// Input: x.
template <typename S>
class PoolNode : public FusedNode {
 public:
  InstructionSet instructions = InstructionSet::kPortable;
  bool max = false;
  int64_t stride = 1;
  std::vector<int64_t> sizes;  ///< of x

  std::string name() const override { return "pdarts::Pool3x3"; }

  torch::autograd::variable_list Backward(torch::autograd::variable_list gradients) override {
    if (!gradients[0].defined() || !Wants(0)) return {at::Tensor()};
    const at::Tensor gradient = ChannelsLast(gradients[0]);
    at::Tensor x, out;
    if (max) {
      x = Saved(0);
      out = Saved(1);
    }
    using A = Accumulator<S>;
    const KernelTable<S, A>& loops = Loops<S>(instructions);
    at::Tensor dx = at::empty(sizes, gradient.options(), at::MemoryFormat::ChannelsLast);
    const int64_t channels = sizes[1], height = sizes[2], width = sizes[3];
    const int64_t size = channels * height * width;
    const int64_t out_size = gradient.numel() / gradient.size(0);
    S* to = MutableData<S>(dx);
    const S* g = ConstData<S>(gradient);
    ParallelFor(sizes[0], [&](int64_t, int64_t begin, int64_t end) {
      Scratch& scratch = Scratch::OfThread();
      scratch.Reset();
      const int64_t plane_size = RoundUp(channels, loops.lanes) * height * width;
      A* memory = scratch.Get<A>(plane_size);
      const Plane<A> plane = {memory, height * width * loops.lanes, width * loops.lanes};
      for (int64_t n = begin; n < end; ++n) {
        std::memset(memory, 0, plane_size * sizeof(A));
        const Pixels<const S> from = {g + n * out_size, channels};
        if (max) {
          loops.max_pool_backward({ConstData<S>(x) + n * size, channels},
                                  {ConstData<S>(out) + n * out_size, channels}, from, channels,
                                  height, width, stride, plane);
        } else {
          loops.average_pool_backward(from, channels, height, width, stride, plane);
        }
        loops.combine({plane.data, plane.block, plane.row}, nullptr, 0, nullptr, channels, height,
                      width, {to + n * size, channels});
      }
    });
    return {dx};
  }
};

template <typename S>
at::Tensor PoolWithLoops(InstructionSet instructions, const at::Tensor& input, bool max,
                         int64_t stride) {
  using A = Accumulator<S>;
  const KernelTable<S, A>& loops = Loops<S>(instructions);
  NoteFusedKernels(instructions);
  at::Tensor x, out;
  {
    at::NoGradGuard no_grad;
    x = ChannelsLast(input);
    const int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
    const int64_t out_height = (height - 1) / stride + 1, out_width = (width - 1) / stride + 1;
    out = at::empty({x.size(0), channels, out_height, out_width}, x.options().requires_grad(false),
                    at::MemoryFormat::ChannelsLast);
    const S* from = ConstData<S>(x);
    S* to = MutableData<S>(out);
    ParallelFor(x.size(0), [&](int64_t, int64_t begin, int64_t end) {
      Scratch& scratch = Scratch::OfThread();
      scratch.Reset();
      A* work = scratch.Get<A>(width * loops.lanes);
      for (int64_t n = begin; n < end; ++n) {
        const auto pool = max ? loops.max_pool : loops.average_pool;
        pool({from + n * channels * height * width, channels}, channels, height, width, stride,
             {to + n * channels * out_height * out_width, channels}, work);
      }
    });
  }
  if (!NeedsGraph({input})) return out;
  const auto node = MakeFusedNode<PoolNode<S>>();
  node->instructions = instructions;
  node->max = max;
  node->stride = stride;
  node->sizes = x.sizes().vec();
  Connect(node, {input}, {out});
  if (max) {
    node->Save(x);
    node->Save(out, /*output=*/true);
  }
  return out;
}

at::Tensor Pool(InstructionSet instructions, const at::Tensor& x, bool max, int64_t stride) {
  CHECK_EQ(x.dim(), 4) << "[N,C,H,W]";
  CHECK(stride == 1 || stride == 2) << stride;
  return DispatchStorage(
      x, [&](auto zero) { return PoolWithLoops<decltype(zero)>(instructions, x, max, stride); });
}

}  // namespace

at::Tensor MaxPool3x3(const Backend& backend, const at::Tensor& x, int64_t stride) {
  if (backend.kernels != FUSED) return composition::MaxPool3x3(x, stride);
  return Pool(backend.instructions, x, /*max=*/true, stride);
}

at::Tensor AveragePool3x3(const Backend& backend, const at::Tensor& x, int64_t stride) {
  if (backend.kernels != FUSED) return composition::AveragePool3x3(x, stride);
  return Pool(backend.instructions, x, /*max=*/false, stride);
}

}  // namespace pdarts::nn
