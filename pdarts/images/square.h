#ifndef PDARTS_IMAGES_SQUARE_H_
#define PDARTS_IMAGES_SQUARE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"

namespace pdarts::images {

/// How an image that is no square becomes one.
enum class Fit {
  kCrop,     ///< the largest square in the middle is cut out, and resized
  kStretch,  ///< the whole image is resized, whatever its proportions
};

struct SquareOptions {
  int64_t size = 0;  ///< side of the square, in pixels
  Fit fit = Fit::kCrop;
  int64_t max_pixels = 0;  ///< as DecodeOptions::max_pixels
};

/// Reads an image file, and makes a square of it, with antialiasing.
/// \param to `[3,size,size]` uint8, on the CPU.
/// \error kDataLoss, ... without the path: it can't be read, is larger than 1 GiB, or as
/// DecodeImage.
absl::Status ReadSquare(const std::string& path, const SquareOptions& options,
                        const at::Tensor& to);

/// Reads many files on all threads.
/// \param images `[N,3,size,size]` uint8, contiguous, on the CPU. What could not be read is not
/// set. \return how reading each file went, as ReadSquare, with its path.
std::vector<absl::Status> ReadSquares(const std::vector<std::string>& paths,
                                      const SquareOptions& options, const at::Tensor& images);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_SQUARE_H_
