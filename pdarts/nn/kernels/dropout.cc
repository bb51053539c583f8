#include "pdarts/nn/kernels/dropout.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>

#include "ATen/ops/empty.h"
#include "c10/util/Exception.h"
#include "glog/logging.h"
#include "pdarts/nn/kernels/loops.h"
#include "pdarts/nn/kernels/parallel.h"

namespace pdarts::nn {
namespace {

constexpr int64_t kBlock = 4096;

/// Elements of an image are numbered by 32 bits.
void CheckSizes(at::IntArrayRef sizes) {
  CHECK_EQ(sizes.size(), 4u) << "[N,C,H,W]";
  // A product of doubles doesn't overflow.
  const double elements = std::accumulate(sizes.begin() + 1, sizes.end(), 1.0, std::multiplies<>());
  TORCH_CHECK(elements < 4294967296.0, "the images of a batch [N,C,H,W] of ", sizes, " have ",
              elements, " elements; random numbers can be drawn for fewer than 2^32 an image");
}

/// Calls body(image, first, count) for blocks of every image's elements, on several threads.
void ForBlocks(at::IntArrayRef sizes,
               const std::function<void(int64_t image, int64_t first, int64_t count)>& body) {
  const int64_t elements = sizes[1] * sizes[2] * sizes[3];
  const int64_t blocks = (elements + kBlock - 1) / kBlock;
  ParallelFor(sizes[0] * blocks, [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % blocks * kBlock;
      body(i / blocks, first, std::min(kBlock, elements - first));
    }
  });
}

}  // namespace

at::Tensor DropoutMask(at::IntArrayRef sizes, double probability, const Masks& masks,
                       InstructionSet instructions) {
  CheckSizes(sizes);
  const std::optional<uint32_t> threshold = DropThreshold(probability);
  const at::Tensor mask = at::empty(sizes, at::kByte, at::MemoryFormat::ChannelsLast);
  if (!threshold) return mask.zero_();
  uint8_t* const to = mask.mutable_data_ptr<uint8_t>();
  const int64_t elements = sizes[1] * sizes[2] * sizes[3];
  const auto draw = Loops<float>(instructions).dropout_mask;
  ForBlocks(sizes, [&](int64_t image, int64_t first, int64_t count) {
    // A generator of 128 bits for each image; a cheaper one for each of its elements.
    const std::array<uint32_t, 4> bits = masks.Bits(image);
    const uint64_t key = static_cast<uint64_t>(bits[1]) << 32 | bits[0];
    draw(key, static_cast<uint32_t>(first), *threshold, count, to + image * elements + first);
  });
  return mask;
}

at::Tensor NormalNoise(at::IntArrayRef sizes, const Masks& masks) {
  CheckSizes(sizes);
  const at::Tensor noise = at::empty(sizes, at::kFloat, at::MemoryFormat::ChannelsLast);
  float* const to = noise.mutable_data_ptr<float>();
  const int64_t elements = sizes[1] * sizes[2] * sizes[3];
  ForBlocks(sizes, [&](int64_t image, int64_t first, int64_t count) {
    masks.Normal(image, first, count, to + image * elements + first);
  });
  return noise;
}

}  // namespace pdarts::nn
