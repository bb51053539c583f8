#ifndef PDARTS_NN_KERNELS_SCRATCH_PLANES_H_
#define PDARTS_NN_KERNELS_SCRATCH_PLANES_H_

#include <cstdint>
#include <cstring>
#include <vector>

#include "pdarts/nn/kernels/kernel_table.h"
#include "pdarts/nn/kernels/scratch.h"

namespace pdarts::nn {

/// Planes in scratch memory for successive tasks. Planes of the same size share their memory, so
/// the content of a plane lasts until the next plane of its size is requested.
template <typename A>
class ScratchPlanes {
 public:
  /// margin: of all planes, in pixels.
  ScratchPlanes(Scratch& scratch, int64_t margin, int64_t lanes)
      : scratch_(scratch), margin_(margin), lanes_(lanes) {}

  /// A plane. Its margin is 0 until somebody writes there. The rest has the values of its last use.
  Plane<A> Get(int64_t channels, int64_t height, int64_t width) {
    for (const Entry& e : entries_) {
      if (e.channels == channels && e.height == height && e.width == width) return e.plane;
    }
    entries_.push_back(
        {channels, height, width, scratch_.GetPlane<A>(channels, height, width, margin_, lanes_)});
    return entries_.back().plane;
  }

  /// A plane that is 0 everywhere.
  Plane<A> GetZeros(int64_t channels, int64_t height, int64_t width) {
    const Plane<A> plane = Get(channels, height, width);
    const int64_t blocks = (channels + lanes_ - 1) / lanes_;
    std::memset(plane.data - margin_ * plane.row - margin_ * lanes_, 0,
                blocks * plane.block * sizeof(A));
    return plane;
  }

 private:
  struct Entry {
    int64_t channels, height, width;
    Plane<A> plane;
  };
  Scratch& scratch_;
  const int64_t margin_;
  const int64_t lanes_;
  std::vector<Entry> entries_;
};

/// The plane in which KernelTable::convolution_backward works, or a plane without data.
template <typename A>
Plane<A> MiddlePlane(const ConvolutionShape& s, ScratchPlanes<A>& middles) {
  if (s.depthwise != 0) return middles.Get(s.in_channels, s.out_height, s.out_width);
  if (s.stride == 1 && s.num_taps > 1) {
    return middles.Get(s.out_channels, s.out_height, s.out_width);
  }
  return {nullptr, 0, 0};
}

/// Whether KernelTable::convolution_backward can replace the gradient of the input.
inline bool ReplacesGradient(const ConvolutionShape& s) {
  return s.depthwise != 0 && s.stride == 1;
}

/// A plane for the gradient of the input of one convolution. It is 0 everywhere if the convolution
/// adds to it (ReplacesGradient).
template <typename A>
Plane<A> InputGradientPlane(const ConvolutionShape& s, ScratchPlanes<A>& gradients) {
  return ReplacesGradient(s) ? gradients.Get(s.in_channels, s.in_height, s.in_width)
                             : gradients.GetZeros(s.in_channels, s.in_height, s.in_width);
}

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_SCRATCH_PLANES_H_
