#include "pdarts/nn/kernels/prepared_convolutions.h"

#include <algorithm>
#include <utility>

#include "ATen/ops/empty.h"
#include "glog/logging.h"
#include "pdarts/nn/kernels/batch.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/loops.h"
#include "pdarts/nn/kernels/packing.h"
#include "pdarts/nn/kernels/parallel.h"
#include "pdarts/nn/kernels/scratch.h"
#include "pdarts/nn/kernels/scratch_planes.h"

namespace pdarts::nn {
namespace {

/// The distance between pixels in memory, if x is a channels-last tensor or some of the channels of
/// one; otherwise 0.
int64_t PixelStride(const at::Tensor& x) {
  const int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
  if (c > 1 && x.stride(1) != 1) return 0;
  const int64_t stride = w > 1 ? x.stride(3) : h > 1 ? x.stride(2) : n > 1 ? x.stride(0) : c;
  const bool fits = stride >= c && (h == 1 || x.stride(2) == w * stride) &&
                    (n == 1 || x.stride(0) == h * w * stride);
  return fits ? stride : 0;
}

/// x in a memory order that the loops can read; a copy if necessary.
at::Tensor AsPixels(const at::Tensor& x) { return PixelStride(x) > 0 ? x : ChannelsLast(x); }

/// x: a result of AsPixels.
Batch<float> BatchOf(const at::Tensor& x) {
  return {const_cast<float*>(ConstData<float>(x)), x.size(1), x.size(2), x.size(3), PixelStride(x)};
}

}  // namespace

struct PreparedConvolutions::Impl {
  /// Packs the weights for images of this size.
  void Prepare(int64_t height, int64_t width);

  const KernelTable<float, float>& loops;
  const std::vector<ReluConvolution> convolutions;
  std::vector<PackedConvolution<float>> packed;
  int64_t packed_height = 0, packed_width = 0;
  int64_t margin = 0, scratch_size = 0;
};

void PreparedConvolutions::Impl::Prepare(int64_t height, int64_t width) {
  if (height == packed_height && width == packed_width) return;
  packed.clear();
  margin = scratch_size = 0;
  for (const ReluConvolution& c : convolutions) {
    ReluConvolution plain = c;
    plain.bias.reset();
    const int64_t channels = c.depthwise.defined() ? c.depthwise.size(0) : c.weight.size(1);
    packed.emplace_back(c, Describe(plain, channels, height, width), loops.lanes,
                        loops.multiplies_pairs);
    margin = std::max<int64_t>(margin, packed.back().shape().margin);
    scratch_size = std::max(scratch_size, packed.back().scratch_size());
  }
  packed_height = height;
  packed_width = width;
}

PreparedConvolutions::PreparedConvolutions(InstructionSet instructions,
                                           std::vector<ReluConvolution> convolutions)
    : impl_(new Impl{Loops<float>(instructions), std::move(convolutions), {}}) {
  CHECK(!impl_->convolutions.empty());
}

PreparedConvolutions::~PreparedConvolutions() = default;

std::vector<at::Tensor> PreparedConvolutions::Run(const at::Tensor& given) {
  const at::Tensor x = AsPixels(given);
  const Batch<float> from = BatchOf(x);
  impl_->Prepare(from.height, from.width);
  const KernelTable<float, float>& loops = impl_->loops;
  const int64_t images = x.size(0);
  const auto count = static_cast<int64_t>(impl_->packed.size());
  std::vector<at::Tensor> results;
  std::vector<Batch<float>> to;
  for (const PackedConvolution<float>& packed : impl_->packed) {
    const ConvolutionShape& s = packed.shape();
    CHECK_EQ(s.in_channels, from.channels);
    results.push_back(at::empty({images, s.out_channels, s.out_height, s.out_width}, x.options(),
                                at::MemoryFormat::ChannelsLast));
    to.push_back(WholeBatch<float>(results.back()));
  }
  const int64_t parts = NumParts(images, count);
  ParallelFor(images * parts, [&](int64_t, int64_t begin, int64_t end) {
    Scratch& scratch = Scratch::OfThread();
    scratch.Reset();
    float* work = scratch.Get<float>(impl_->scratch_size);
    ScratchPlanes<float> planes(scratch, impl_->margin, loops.lanes);
    const Plane<float> relu = planes.Get(from.channels, from.height, from.width);
    for (int64_t task = begin; task < end; ++task) {
      const int64_t n = task / parts;
      loops.load_relu(Const(from.image(n)), from.channels, from.height, from.width, nullptr,
                      nullptr, relu);
      for (int64_t i = task % parts; i < count; i += parts) {
        const PackedConvolution<float>& packed = impl_->packed[i];
        loops.convolution(packed.shape(), Const(relu), packed.weights(), to[i].image(n), nullptr,
                          nullptr, work);
      }
    }
  });
  return results;
}

void AddUp(InstructionSet instructions, const std::vector<at::Tensor>& values,
           const at::Tensor& to) {
  CHECK(!values.empty() && PixelStride(to) > 0);
  const KernelTable<float, float>& loops = Loops<float>(instructions);
  const std::vector<float> ones =
      ChannelValues<float>(to.size(1), loops.lanes, [](int64_t) { return 1; });
  std::vector<at::Tensor> kept;  // alive until the end of the function
  std::vector<Batch<float>> from;
  for (const at::Tensor& value : values) {
    CHECK(value.sizes() == to.sizes()) << value.sizes() << " to " << to.sizes();
    kept.push_back(AsPixels(value));
    from.push_back(BatchOf(kept.back()));
  }
  const Batch<float> out = BatchOf(to);
  const int64_t images = to.size(0), pieces = NumParts(images, out.pixels());
  ForPieces(images, out.pixels(), pieces, [&](int64_t n, PixelRange range, int64_t) {
    std::vector<LinearTerm<float, float>> terms(from.size());
    for (size_t i = 0; i < from.size(); ++i) {
      terms[i] = {From(Const(from[i].image(n)), range.begin), ones.data(), {nullptr, 0}};
    }
    loops.combine({nullptr, 0, 0}, terms.data(), static_cast<int64_t>(terms.size()), nullptr,
                  out.channels, /*height=*/1, range.size(), From(out.image(n), range.begin));
  });
}

}  // namespace pdarts::nn
