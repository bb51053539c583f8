#ifndef PDARTS_DATASETS_TRANSFORMS_PIXEL_MAP_H_
#define PDARTS_DATASETS_TRANSFORMS_PIXEL_MAP_H_

#include <cstdint>
#include <vector>

#include "pdarts/core/dataset.h"
#include "pdarts/core/transform.h"

namespace pdarts {

/// The normalized value of a byte of a channel, in the type T.
template <typename T>
T NormalizedByte(int value, double mean, double standard_deviation) {
  return static_cast<T>((value / 255.0 - mean) / standard_deviation);
}

/// Steps of a plan that only move, erase and normalize pixels, as one: which pixel of the image
/// before them each pixel of the image after them comes from.
class PixelMap {
 public:
  /// A rectangle of zeros in the image after the steps.
  struct Hole {
    int64_t top, bottom, left, right;  ///< bottom and right are not included
    bool before_normalize;             ///< the zeros are normalized, so that they are black
  };

  /// Begins a map without steps, for an image of this size.
  void Begin(int64_t height, int64_t width);

  /// Adds a step. Returns false if the step is of another kind, or cannot be done in the same pass.
  bool Add(const ImagePlan::Step& step);

  bool is_identity() const { return is_identity_; }
  int64_t height() const { return height_; }  ///< of the image after the steps
  int64_t width() const { return width_; }
  /// Without a flip, the pixel (y, x) comes from (y + top, x + left). With a flip, x is mirrored
  /// first.
  int64_t top() const { return top_; }
  int64_t left() const { return is_flipped_ ? left_ - (width_ - 1) : left_; }
  bool is_flipped() const { return is_flipped_; }
  /// The part of the image before the steps from which pixels come. All other pixels are 0.
  const PixelRegion& part() const { return part_; }
  const std::vector<Hole>& holes() const { return holes_; }
  /// Null if the image is not normalized.
  const ImagePlan::Step* normalize() const { return normalize_; }

 private:
  void AddWindow(const PixelRegion& region);
  void AddFlip();
  void AddHole(const PixelRegion& region);

  int64_t height_ = 0;
  int64_t width_ = 0;
  int64_t top_ = 0;
  int64_t left_ = 0;  ///< the column from which column 0 of the image after the steps comes
  bool is_flipped_ = false;
  bool is_identity_ = true;
  PixelRegion part_;
  std::vector<Hole> holes_;
  const ImagePlan::Step* normalize_ = nullptr;
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_PIXEL_MAP_H_
