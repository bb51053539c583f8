#ifndef PDARTS_IMAGES_DECODE_H_
#define PDARTS_IMAGES_DECODE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/dataset.h"

namespace pdarts::images {

/// A decoded image. The rows begin at the top, and each pixel has the order red, green, blue.
struct RgbImage {
  int64_t height = 0;
  int64_t width = 0;
  std::unique_ptr<uint8_t[]> pixels;  ///< `[height,width,3]`
};

/// An image file whose header has been read and whose pixels are not decoded yet. Only one thread
/// may use it.
class OpenedImage {
 public:
  virtual ~OpenedImage() = default;
  OpenedImage(const OpenedImage&) = delete;
  OpenedImage& operator=(const OpenedImage&) = delete;

  /// The size of the upright image, in pixels.
  int64_t height() const { return transposed() ? stored_width_ : stored_height_; }
  int64_t width() const { return transposed() ? stored_height_ : stored_width_; }

  /// Decodes the pixels of a region of the upright image. A JPEG or WebP image may be decoded at a
  /// half, a quarter or an eighth of its size, as long as the region has at least min_height and
  /// min_width. The other factors of libjpeg take longer than decoding at full size. In a smaller
  /// image, the region begins and ends at the nearest pixel.
  /// \error kDataLoss saying what is wrong.
  absl::StatusOr<RgbImage> Decode(const PixelRegion& region, int64_t min_height,
                                  int64_t min_width) const;

  /// Decodes the whole image at 1/denominator of its size. `denominator` is 1, or 2, 4 or 8 for a
  /// JPEG or WebP image.
  absl::StatusOr<RgbImage> DecodeWhole(int denominator) const;

 protected:
  /// `orientation` is the result of OrientationOf.
  OpenedImage(int64_t stored_height, int64_t stored_width, int orientation)
      : stored_height_(stored_height), stored_width_(stored_width), orientation_(orientation) {}

  int64_t stored_height() const { return stored_height_; }
  int64_t stored_width() const { return stored_width_; }

 private:
  /// Whether rows of the upright image are stored as columns.
  bool transposed() const;
  /// The size of the stored image at 1/denominator.
  static int64_t Scaled(int64_t size, int denominator);
  /// The place of the region in the stored image at 1/denominator.
  PixelRegion InStored(const PixelRegion& region, int denominator) const;
  absl::StatusOr<RgbImage> DecodeAt(const PixelRegion& stored, int denominator) const;

  /// Whether decoding at a smaller size takes less time.
  virtual bool scales() const = 0;
  /// Decodes the pixels of a region of the stored image at 1/denominator of its size, which is
  /// rounded up. The region is given in pixels of the smaller image.
  virtual absl::StatusOr<RgbImage> DecodeStored(const PixelRegion& region,
                                                int denominator) const = 0;

  const int64_t stored_height_;
  const int64_t stored_width_;
  const int orientation_;
};

/// Opens a PNG, JPEG or WebP file. The first bytes tell the format. Gray, palette and 16-bit images
/// become 8-bit RGB. Transparent pixels become white. CMYK and YCCK images become RGB without a
/// color profile. The gamma and the color profile of a file are ignored. The orientation in the
/// EXIF data of a file is applied.
/// \param bytes the bytes of the file; they must outlive the opened image.
/// \param max_pixels a file whose header has more pixels is refused before memory of that size is
/// allocated.
/// \error kDataLoss saying what is wrong: another format, a damaged header, a missing end, or too
/// many pixels.
absl::StatusOr<std::unique_ptr<OpenedImage>> OpenImage(absl::string_view bytes, int64_t max_pixels);

/// Opens a file of one format. \error as OpenImage.
absl::StatusOr<std::unique_ptr<OpenedImage>> OpenPng(absl::string_view bytes, int64_t max_pixels);
absl::StatusOr<std::unique_ptr<OpenedImage>> OpenJpeg(absl::string_view bytes, int64_t max_pixels);
absl::StatusOr<std::unique_ptr<OpenedImage>> OpenWebp(absl::string_view bytes, int64_t max_pixels);

struct DecodeOptions {
  int64_t max_pixels = 0;  ///< as OpenImage
  /// A JPEG may be decoded at a half, a quarter or an eighth of its size, which takes less time, as
  /// long as both sides have at least this number of pixels. 0: a JPEG is always decoded at full
  /// size.
  int64_t enough = 0;
};

/// Decodes a whole file. \error as OpenImage; kDataLoss if the pixels are damaged.
absl::StatusOr<RgbImage> DecodeImage(absl::string_view bytes, const DecodeOptions& options);

/// \error kDataLoss if an image of this size is empty or has more than `max_pixels`.
absl::Status CheckSize(int64_t height, int64_t width, int64_t max_pixels);

/// Allocates an image of this size. The pixels are not set.
RgbImage MakeImage(int64_t height, int64_t width);

/// Copies the pixels of a region of an image.
RgbImage CutOut(const RgbImage& image, const PixelRegion& region);

/// Puts an image in front of white. `rgba` is `[height,width,4]`, not premultiplied.
RgbImage OverWhite(const uint8_t* rgba, int64_t height, int64_t width);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_DECODE_H_
