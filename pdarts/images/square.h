#ifndef PDARTS_IMAGES_SQUARE_H_
#define PDARTS_IMAGES_SQUARE_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "pdarts/core/dataset.h"
#include "pdarts/images/store.h"

namespace pdarts::images {

struct SquareOptions {
  int64_t size = 0;  ///< side of the square, in pixels
  ImageFit fit = ImageFit::kCrop;
  int64_t max_pixels = 0;  ///< as OpenImage
};

/// Decodes an image file, and makes a square image of it, with antialiasing.
/// \param to the result, `[3,size,size]` uint8 on the CPU.
/// \error as DecodeImage.
absl::Status MakeSquare(absl::string_view bytes, const SquareOptions& options,
                        const at::Tensor& to);

/// Reads many images of an image store with all threads.
/// \param indices the indices of the images in the store.
/// \param images the result, `[N,3,size,size]` uint8, contiguous, on the CPU. Images that cannot be
/// read are not set.
/// \return the status of each image, as of ImageStore::Read and MakeSquare, with the name of the
/// image.
std::vector<absl::Status> ReadSquares(const ImageStore& store, absl::Span<const int64_t> indices,
                                      const SquareOptions& options, const at::Tensor& images);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_SQUARE_H_
