#ifndef PDARTS_CORE_MASKS_H_
#define PDARTS_CORE_MASKS_H_

#include <array>
#include <cstdint>
#include <optional>

#include "ATen/core/Tensor.h"

namespace pdarts {

/// Philox4x32-10, a counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1,
/// 2, 3", SC 2011): 128 random bits that depend on the counter and the key only.
std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// Random 32 bits keep what they stand for if they are at least this number, so that the rest is
/// dropped with the given probability. Nothing is kept where there is no number. Dies unless
/// `probability` is in [0, 1].
std::optional<uint32_t> DropThreshold(double probability);

/// Which passes draw the same numbers. Different streams are independent of each other.
enum class MaskStream : uint32_t {
  kEvaluation,       ///< passes that train nothing; `noise` draws in them too
  kWeights,          ///< passes that train weights
  kAlphas,           ///< passes that train alphas
  kUnrolledWeights,  ///< the passes of the weights' loss that second-order gradients take
};

/// What the random numbers of one pass depend on, beside the image and the place in the network.
struct MaskKey {
  uint64_t seed = 0;
  int64_t stage = 0;
  int64_t epoch = 0;
  MaskStream stream = MaskStream::kEvaluation;
};

/// The source of all random numbers that a network draws in a pass: masks of dropout and drop path,
/// and the values of `noise`. A number depends on the pass (MaskKey), on the position of the image
/// in the epoch's order, and on the place in the network where it is drawn. It does not depend on
/// the order of drawing, the batch that the image is in, the kernels, the device, or the number of
/// threads or processes. The object has no state that drawing changes.
///
/// The methods below compute on the CPU. nn/kernels/dropout.h has functions that draw where the
/// network is: on the device, if the masks are those of OnDevice.
class Masks {
 public:
  /// Those of evaluation: the same in every run.
  Masks() : Masks(MaskKey(), 0) {}
  /// \param first_image position of the batch's first image in the epoch's order. The batch's other
  ///     images follow it. Positions are below 2^32.
  Masks(const MaskKey& key, int64_t first_image);

  /// The source for part number `part` of the network's part that this source is for. A network
  /// gives each of its parts (a cell, an edge, an operation) a number of its own, so that no two
  /// places draw the same numbers.
  Masks At(int64_t part) const;

  /// 128 random bits for an image of the batch; other bits for each block. The bits of block 0 also
  /// decide about the image in ImageMask, so a place should draw only one kind of numbers.
  std::array<uint32_t, 4> Bits(int64_t image, uint32_t block = 0) const;

  /// `[images]` float32 on the CPU: 0, with this probability, for an image of the batch that is
  /// dropped, 1 for the others.
  at::Tensor ImageMask(int64_t images, double probability) const;

  /// Writes the values first .. first + count - 1 of an image's sequence of independent normal
  /// numbers of mean 0 and deviation 1. first: a multiple of 4.
  void Normal(int64_t image, int64_t first, int64_t count, float* out) const;

  /// The part of the state that changes from pass to pass: the two words of the key, and the
  /// position of the first image.
  std::array<int64_t, 3> Counter() const;
  /// The part of the state that is the same in all passes: the place in the network, as its 64
  /// bits.
  int64_t Place() const { return static_cast<int64_t>(place_); }

  /// The same source, for layers that draw on a device by the operators of pdarts/device.
  /// \param counter `[3]` int64 on the device: Counter(), as it is when the numbers are drawn.
  Masks OnDevice(at::Tensor counter) const;
  /// The counter of OnDevice; undefined where the CPU draws.
  const at::Tensor& device_counter() const { return device_counter_; }

 private:
  std::array<uint32_t, 2> key_;
  uint64_t place_ = 0;
  int64_t first_image_;
  at::Tensor device_counter_;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_MASKS_H_
