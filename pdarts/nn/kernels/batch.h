#ifndef PDARTS_NN_KERNELS_BATCH_H_
#define PDARTS_NN_KERNELS_BATCH_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/kernel_table.h"
#include "pdarts/nn/kernels/packing.h"
#include "pdarts/nn/kernels/parallel.h"

namespace pdarts::nn {

template <typename T>
Plane<const T> Const(Plane<T> p) {
  return {p.data, p.block, p.row};
}

template <typename T>
Pixels<const T> Const(Pixels<T> p) {
  return {p.data, p.stride};
}

/// Pixels of an image, one after the other in its rows.
struct PixelRange {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

/// One of `pieces` pieces of an image, which differ in size by at most one pixel.
inline PixelRange Piece(int64_t pixels, int64_t pieces, int64_t piece) {
  return {pixels * piece / pieces, pixels * (piece + 1) / pieces};
}

/// The pixels from `first` on. Null data stays null.
template <typename T>
Pixels<T> From(Pixels<T> p, int64_t first) {
  return {p.data == nullptr ? nullptr : p.data + first * p.stride, p.stride};
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

/// Calls body(image, range, piece) for the pieces of all images of a batch, on several threads.
/// Each image is divided into `pieces` pieces, in most cases NumParts(images, pixels).
template <typename F>
void ForPieces(int64_t images, int64_t pixels, int64_t pieces, const F& body) {
  ParallelFor(images * pieces, [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t piece = task % pieces;
      body(task / pieces, Piece(pixels, pieces, piece), piece);
    }
  });
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
