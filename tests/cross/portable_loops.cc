// Runs some of the portable loops on generated numbers, and prints each result on a line. It does
// not need LibTorch, so it can be compiled for other processors.

#include <cstdint>
#include <cstdio>
#include <vector>

#include "pdarts/nn/kernels/kernel_table.h"

namespace pdarts::nn {
namespace {

constexpr int64_t kChannels = 6, kOutChannels = 5, kHeight = 7, kWidth = 6;
constexpr int64_t kMargin = 2;

/// Numbers in [-1, 1) that are the same on every processor.
template <typename T>
std::vector<T> Made(int64_t count, uint32_t seed) {
  std::vector<T> numbers(count);
  uint32_t state = seed;
  for (T& number : numbers) {
    state = state * 1664525u + 1013904223u;
    number = static_cast<T>(static_cast<int32_t>(state >> 8) - (1 << 23)) / static_cast<T>(1 << 23);
  }
  return numbers;
}

template <typename T>
void Print(const char* what, const std::vector<T>& numbers) {
  for (const T number : numbers) std::printf("%s %.9g\n", what, static_cast<double>(number));
}

/// Weights for whole vectors, with zeros after the last channel.
template <typename T>
std::vector<T> Padded(const std::vector<T>& from, int64_t rows, int64_t columns, int64_t up) {
  std::vector<T> padded(rows * up);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      padded[row * up + column] = from[row * columns + column];
    }
  }
  return padded;
}

template <typename T>
void Run(const char* type, const KernelTable<T, T>& loops) {
  const int64_t lanes = loops.lanes;
  const auto up = [&](int64_t channels) { return (channels + lanes - 1) / lanes * lanes; };
  const std::vector<T> image = Made<T>(kHeight * kWidth * kChannels, 1);
  const Pixels<const T> pixels = {image.data(), kChannels};

  const int64_t row = (kWidth + 2 * kMargin) * lanes, block = (kHeight + 2 * kMargin) * row;
  std::vector<T> plane_memory(up(kChannels) / lanes * block);
  const Plane<T> plane = {plane_memory.data() + kMargin * (row + lanes), block, row};
  loops.load_relu(pixels, kChannels, kHeight, kWidth, nullptr, nullptr, plane);

  for (const int32_t stride : {1, 2}) {
    constexpr int64_t kTaps = 25;
    const std::vector<T> depthwise = Made<T>(up(kChannels) * kTaps, 2);
    const std::vector<T> forward =
        Padded(Made<T>(kChannels * kOutChannels, 3), kChannels, kOutChannels, up(kOutChannels));
    std::vector<T> gathered(up(kChannels) * up(kOutChannels));
    for (size_t i = 0; i < forward.size(); ++i) gathered[i] = forward[i];
    const std::vector<T> backward(gathered.size());  // not read
    const PackedWeights<T> weights = {depthwise.data(), gathered.data(), backward.data(),
                                      nullptr,          nullptr,         nullptr};
    ConvolutionShape shape = {};
    shape.depthwise = 5;
    shape.stride = stride;
    shape.dilation = 1;
    shape.num_taps = 1;
    shape.margin = 2;
    shape.rows = 2;
    shape.in_channels = kChannels;
    shape.out_channels = kOutChannels;
    shape.in_height = kHeight;
    shape.in_width = kWidth;
    shape.out_height = (kHeight - 1) / stride + 1;
    shape.out_width = (kWidth - 1) / stride + 1;
    std::vector<T> out(shape.out_height * shape.out_width * kOutChannels);
    std::vector<T> mean(up(kOutChannels)), squares(up(kOutChannels));
    std::vector<T> scratch(1 << 16);
    loops.convolution(shape, {plane.data, plane.block, plane.row}, weights,
                      {out.data(), kOutChannels}, mean.data(), squares.data(), scratch.data());
    Print(type, out);
    mean.resize(kOutChannels);
    squares.resize(kOutChannels);
    Print(type, mean);
    Print(type, squares);

    std::vector<T> pooled(shape.out_height * shape.out_width * kChannels);
    for (const auto pool : {loops.max_pool, loops.average_pool}) {
      pool(pixels, kChannels, kHeight, kWidth, stride, {pooled.data(), kChannels}, scratch.data());
      Print(type, pooled);
    }
  }
}

}  // namespace
}  // namespace pdarts::nn

int main() {
  pdarts::nn::Run("float", pdarts::nn::portable::kTables.float32);
  pdarts::nn::Run("double", pdarts::nn::portable::kTables.float64);
  return 0;
}
