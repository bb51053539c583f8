#include "pdarts/nn/kernels/dropout.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "ATen/ops/empty.h"
#include "c10/util/Exception.h"
#include "glog/logging.h"
#include "pdarts/nn/kernels/loops.h"
#include "pdarts/nn/kernels/parallel.h"

namespace pdarts::nn {
namespace {

constexpr double kRange = 4294967296.0;  // 2^32
constexpr int64_t kBlock = 4096;

}  // namespace

at::Tensor DropoutMask(at::IntArrayRef sizes, double probability, uint64_t seed,
                       InstructionSet instructions) {
  CHECK(probability >= 0 && probability <= 1) << probability;
  CHECK_EQ(sizes.size(), 4u) << "[N,C,H,W]";
  // Elements are numbered by 32 bits. A product of doubles doesn't overflow.
  const double elements = std::accumulate(sizes.begin(), sizes.end(), 1.0, std::multiplies<>());
  TORCH_CHECK(elements < kRange, "a dropout mask [N,C,H,W] of ", sizes, " has ", elements,
              " elements; fewer than 2^32 can be drawn. A smaller batch has fewer");
  const auto options = at::TensorOptions().dtype(at::kByte);
  at::Tensor mask = at::empty(sizes, options, at::MemoryFormat::ChannelsLast);
  // Kept where the random 32 bits are at least this; all of them can't be.
  const double dropped = std::nearbyint(probability * kRange);
  if (dropped >= kRange) return mask.zero_();
  const auto threshold = static_cast<uint32_t>(dropped);
  uint8_t* const to = mask.mutable_data_ptr<uint8_t>();
  const int64_t count = mask.numel();
  const auto draw = Loops<float>(instructions).dropout_mask;
  ParallelFor((count + kBlock - 1) / kBlock, [&](int64_t, int64_t begin, int64_t end) {
    const int64_t first = begin * kBlock, last = std::min(end * kBlock, count);
    draw(seed, static_cast<uint32_t>(first), threshold, last - first, to + first);
  });
  return mask;
}

}  // namespace pdarts::nn
