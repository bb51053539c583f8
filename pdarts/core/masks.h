#ifndef PDARTS_CORE_MASKS_H_
#define PDARTS_CORE_MASKS_H_

#include <array>
#include <cstdint>
#include <optional>

#include "ATen/core/Tensor.h"

namespace pdarts {

/// Philox4x32-10, a counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1,
/// 2, 3", SC 2011): 128 random bits that depend only on the counter and the key.
std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// A random number of 32 bits keeps its element if the number is at least this threshold, so that
/// elements are dropped with the given probability. No value: nothing is kept. Dies unless
/// `probability` is in [0, 1].
std::optional<uint32_t> DropThreshold(double probability);

/// The kind of a pass. Different streams are independent of each other.
enum class MaskStream : uint32_t {
  kEvaluation,       ///< passes that train nothing, in which `noise` still draws
  kWeights,          ///< passes that train weights
  kAlphas,           ///< passes that train alphas
  kUnrolledWeights,  ///< passes of the weights' loss for unrolled gradients
};

/// The values on which the random numbers of one pass depend, besides the image and the place in
/// the network.
struct MaskKey {
  uint64_t seed = 0;
  int64_t stage = 0;
  int64_t epoch = 0;
  MaskStream stream = MaskStream::kEvaluation;
};

/// The source of all random numbers that a network draws in a pass: masks of dropout and drop path,
/// and the values of `noise`. A number depends on the pass (MaskKey), on the position of the image
/// in the order of the epoch, and on the place in the network that draws it. A number does not
/// depend on the order of drawing, the batch of the image, the kernels, the device, or the number
/// of threads or processes. Drawing changes no state of the object.
///
/// The methods below compute on the CPU. nn/kernels/dropout.h has functions that draw on the device
/// of the network, if the masks were made by OnDevice.
class Masks {
 public:
  /// The masks of an evaluation, which are the same in every run.
  Masks() : Masks(MaskKey(), 0) {}
  /// \param first_image position of the first image of the batch in the order of the epoch. The
  /// other images of the batch follow it. Positions are below 2^32.
  Masks(const MaskKey& key, int64_t first_image);

  /// The source for part number `part` within the current part of the network. A network gives each
  /// of its parts (a cell, an edge, an operation) a different number, so that no two places draw
  /// the same numbers.
  Masks At(int64_t part) const;

  /// 128 random bits for an image of the batch, which differ between blocks. The bits of block 0
  /// also decide about the image in ImageMask, so a place should draw only one kind of numbers.
  std::array<uint32_t, 4> Bits(int64_t image, uint32_t block = 0) const;

  /// `[images]` float32 on the CPU: 0 for each image of the batch that is dropped, which happens
  /// with this probability, and 1 for the others.
  at::Tensor ImageMask(int64_t images, double probability) const;

  /// Writes the elements first .. first + count - 1 of an image's sequence of independent numbers
  /// of the standard normal distribution. first: a multiple of 4.
  void Normal(int64_t image, int64_t first, int64_t count, float* out) const;

  /// The counter: the part of the key that changes from pass to pass. It has the two words of the
  /// key and the position of the first image.
  std::array<int64_t, 3> Counter() const;
  /// The place in the network, which is the same in all passes, as 64 bits.
  int64_t Place() const { return static_cast<int64_t>(place_); }

  /// The same source, for layers that draw on a device with the operators of pdarts/device. \param
  /// counter `[3]` int64 on the device. It must hold Counter() when the numbers are drawn.
  Masks OnDevice(at::Tensor counter) const;
  /// The counter of OnDevice; undefined if the CPU draws.
  const at::Tensor& device_counter() const { return device_counter_; }

 private:
  std::array<uint32_t, 2> key_;
  uint64_t place_ = 0;
  int64_t first_image_;
  at::Tensor device_counter_;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_MASKS_H_
