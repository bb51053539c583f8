#ifndef PDARTS_NN_KERNELS_BATCH_H_
#define PDARTS_NN_KERNELS_BATCH_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/kernel_table.h"
#include "pdarts/nn/kernels/packing.h"

namespace pdarts::nn {

template <typename T>
Plane<const T> Const(Plane<T> p) {
  return {p.data, p.block, p.row};
}

template <typename T>
Pixels<const T> Const(Pixels<T> p) {
  return {p.data, p.stride};
}

/// A batch of images in memory: a channels-last tensor, or some of the channels of a wider one.
template <typename S>
struct Batch {
  S* data = nullptr;
  int64_t channels = 0, height = 0, width = 0;
  int64_t stride = 0;  ///< from pixel to pixel

  int64_t pixels() const { return height * width; }
  Pixels<S> image(int64_t n) const { return {data + n * pixels() * stride, stride}; }
};

template <typename S>
Batch<S> WholeBatch(const at::Tensor& x) {
  return {const_cast<S*>(ConstData<S>(x)), x.size(1), x.size(2), x.size(3), x.size(1)};
}

/// A number for each channel, in the form that the loops read: whole vectors, with 0 after the last
/// channel.
template <typename A, typename F>
std::vector<A> ChannelValues(int64_t channels, int64_t lanes, const F& value) {
  std::vector<A> values(RoundUp(channels, lanes));
  for (int64_t c = 0; c < channels; ++c) values[c] = static_cast<A>(value(c));
  return values;
}

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_BATCH_H_
