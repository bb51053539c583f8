#ifndef PDARTS_IMAGES_DECODE_H_
#define PDARTS_IMAGES_DECODE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/dataset.h"

namespace pdarts::images {

/// A decoded image: rows from the top, each pixel red, green, blue.
struct RgbImage {
  int64_t height = 0;
  int64_t width = 0;
  std::unique_ptr<uint8_t[]> pixels;  ///< `[height,width,3]`
};

/// An image file whose header is read and whose pixels are not decoded yet. One thread uses it.
class OpenedImage {
 public:
  virtual ~OpenedImage() = default;
  OpenedImage(const OpenedImage&) = delete;
  OpenedImage& operator=(const OpenedImage&) = delete;

  /// The size of the upright image, in pixels.
  int64_t height() const { return transposed() ? stored_width_ : stored_height_; }
  int64_t width() const { return transposed() ? stored_height_ : stored_width_; }

  /// The pixels of a region of the upright image. A JPEG or WebP image may come at a half, a
  /// quarter or an eighth of its size, as long as the region keeps min_height and min_width. Other
  /// factors that libjpeg offers take longer than the whole size does. A smaller region begins and
  /// ends at the nearest pixel of the smaller image.
  /// \error kDataLoss saying what is wrong.
  absl::StatusOr<RgbImage> Decode(const PixelRegion& region, int64_t min_height,
                                  int64_t min_width) const;

  /// The whole image at 1/denominator of its size; denominator: 1, or 2, 4 or 8 for a JPEG or WebP
  /// image.
  absl::StatusOr<RgbImage> DecodeWhole(int denominator) const;

 protected:
  /// orientation: as OrientationOf.
  OpenedImage(int64_t stored_height, int64_t stored_width, int orientation)
      : stored_height_(stored_height), stored_width_(stored_width), orientation_(orientation) {}

  int64_t stored_height() const { return stored_height_; }
  int64_t stored_width() const { return stored_width_; }

 private:
  /// Whether rows of the upright image are stored as columns.
  bool transposed() const;
  /// The size of the stored image at 1/denominator.
  static int64_t Scaled(int64_t size, int denominator);
  /// Where the region lies in the stored image at 1/denominator.
  PixelRegion InStored(const PixelRegion& region, int denominator) const;
  absl::StatusOr<RgbImage> DecodeAt(const PixelRegion& stored, int denominator) const;

  /// Whether the decoder makes smaller images cheaply.
  virtual bool scales() const = 0;
  /// The pixels of a region of the image as it is stored, at 1/denominator of its size, which is
  /// rounded up. The region counts in pixels of the smaller image.
  virtual absl::StatusOr<RgbImage> DecodeStored(const PixelRegion& region,
                                                int denominator) const = 0;

  const int64_t stored_height_;
  const int64_t stored_width_;
  const int orientation_;
};

/// Opens a PNG, JPEG or WebP file, told apart by its first bytes. Grey, palette and 16-bit images
/// become 8-bit RGB; what is transparent shows white; CMYK and YCCK become RGB without a color
/// profile. The gamma and the color profile that a file may hold change nothing. The orientation
/// that the EXIF data of a file names is applied.
/// \param bytes of the file; they must outlive the opened image.
/// \param max_pixels a file that promises more is refused before anything of that size is
/// allocated.
/// \error kDataLoss saying what is wrong: another format, a damaged header, an end that is missing,
/// or too many pixels.
absl::StatusOr<std::unique_ptr<OpenedImage>> OpenImage(absl::string_view bytes, int64_t max_pixels);

/// The same for one format. \error as OpenImage.
absl::StatusOr<std::unique_ptr<OpenedImage>> OpenPng(absl::string_view bytes, int64_t max_pixels);
absl::StatusOr<std::unique_ptr<OpenedImage>> OpenJpeg(absl::string_view bytes, int64_t max_pixels);
absl::StatusOr<std::unique_ptr<OpenedImage>> OpenWebp(absl::string_view bytes, int64_t max_pixels);

struct DecodeOptions {
  int64_t max_pixels = 0;  ///< as OpenImage
  /// Pixels of both sides that are enough: a JPEG may be decoded at a half, a quarter, or an eighth
  /// of its size as long as they stay, which is quicker. 0: never.
  int64_t enough = 0;
};

/// Decodes a whole file. \error as OpenImage, and kDataLoss where the pixels are damaged.
absl::StatusOr<RgbImage> DecodeImage(absl::string_view bytes, const DecodeOptions& options);

/// \error kDataLoss if an image of this size is empty or has more than `max_pixels`.
absl::Status CheckSize(int64_t height, int64_t width, int64_t max_pixels);

/// An image of this size, its pixels not set.
RgbImage MakeImage(int64_t height, int64_t width);

/// The pixels of a region of an image.
RgbImage CutOut(const RgbImage& image, const PixelRegion& region);

/// An image before white. rgba: `[height,width,4]`, not premultiplied.
RgbImage OverWhite(const uint8_t* rgba, int64_t height, int64_t width);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_DECODE_H_
