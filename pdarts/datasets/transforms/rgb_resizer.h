#ifndef PDARTS_DATASETS_TRANSFORMS_RGB_RESIZER_H_
#define PDARTS_DATASETS_TRANSFORMS_RGB_RESIZER_H_

#include <array>
#include <cstdint>
#include <vector>

#include "pdarts/core/backend.h"
#include "pdarts/datasets/transforms/image_loops_table.h"

namespace pdarts {

/// Resizes 8-bit pixels (red, green, blue) with a bilinear filter with antialiasing. The values are
/// the values of LibTorch's _upsample_bilinear2d_aa for uint8, with every instruction set. A
/// resizer is for one thread, because it keeps its memory from image to image.
class RgbResizer {
 public:
  /// `instructions` selects the compiled loops. This processor must support it.
  explicit RgbResizer(InstructionSet instructions = BestInstructionSet());
  RgbResizer(const RgbResizer&) = delete;
  RgbResizer& operator=(const RgbResizer&) = delete;

  /// \param pixels `[height,width,3]`, not empty.
  /// \param row_stride the number of bytes from one row to the next.
  /// \return `[3,new_height,new_width]`, contiguous, valid until the next call.
  const uint8_t* Resize(const uint8_t* pixels, int64_t row_stride, int64_t height, int64_t width,
                        int64_t new_height, int64_t new_width);

 private:
  /// The weights of one direction.
  class Axis {
   public:
    void Set(int64_t size, int64_t new_size);
    /// Whether float computes all sums exactly.
    bool is_exact() const { return is_exact_; }
    const ResizeWeights& weights() const { return weights_; }

   private:
    int64_t size_ = 0;
    int64_t new_size_ = 0;
    bool is_exact_ = false;
    ResizeWeights weights_ = {};
    std::vector<int64_t> first_;
    std::vector<float> values_;
    // While the weights are computed: the weights before rounding, and their number.
    std::vector<std::array<double, kResizeTaps>> shares_;
    std::vector<int> counts_;
  };

  void ResizeByLibTorch(const uint8_t* pixels, int64_t row_stride, int64_t height, int64_t width,
                        int64_t new_height, int64_t new_width);

  const ImageLoops& loops_;
  Axis rows_;
  Axis columns_;
  std::vector<uint8_t> bytes_;
  std::vector<float> columns_of_rows_;
  std::vector<float> resized_;
  std::vector<float> ring_;  ///< the newest rows in their new width, each `[3,plane]`
  std::vector<uint8_t> out_;
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_RGB_RESIZER_H_
