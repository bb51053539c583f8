#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/images/decode.h"
#include "pdarts/images/orientation.h"

namespace pdarts::images {
namespace {

/// The decoder of libpng. The library reports an error by a long jump, which runs no destructors.
/// So a method to which the library may jump has no local variables with destructors.
class PngDecoder {
 public:
  explicit PngDecoder(absl::string_view bytes) : bytes_(bytes) {}
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  /// Reads the size and the kind of the image. If this returns false, message() tells the reason.
  bool ReadHeader() {
    if (setjmp(jump_) != 0) return false;
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &OnError, &OnWarning);
    if (png_ == nullptr) return false;
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) return false;
    png_set_read_fn(png_, this, &OnRead);
    png_read_info(png_, info_);
    // Every kind of image becomes 8-bit RGB or RGBA. No gamma is set, so the pixels keep their
    // stored values.
    png_set_expand(png_);
    png_set_scale_16(png_);
    png_set_gray_to_rgb(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  int64_t height() const { return png_get_image_height(png_, info_); }
  int64_t width() const { return png_get_image_width(png_, info_); }
  /// 3, or 4 if the image has transparency.
  int64_t channels() const { return png_get_channels(png_, info_); }
  const char* message() const { return message_; }

  /// Decodes into `pixels` `[height,width,channels]`, and reads the file to its end.
  bool ReadPixels(uint8_t* pixels) {
    if (setjmp(jump_) != 0) return false;
    const int64_t row_bytes = width() * channels();
    for (int pass = 0; pass < passes_; ++pass) {
      for (int64_t y = 0; y < height(); ++y) {
        png_read_row(png_, pixels + y * row_bytes, nullptr);
      }
    }
    png_read_end(png_, info_);
    return true;
  }

  /// The EXIF data in the file; empty if there are none.
  absl::string_view exif() const {
    png_uint_32 size = 0;
    png_bytep bytes = nullptr;
    if (png_get_eXIf_1(png_, info_, &size, &bytes) == 0) return "";
    return {reinterpret_cast<const char*>(bytes), size};
  }

 private:
  [[noreturn]] static void OnError(png_structp png, png_const_charp message) {
    auto* decoder = static_cast<PngDecoder*>(png_get_error_ptr(png));
    std::snprintf(decoder->message_, sizeof(decoder->message_), "%s", message);
    std::longjmp(decoder->jump_, 1);
  }
  static void OnWarning(png_structp, png_const_charp) {}
  static void OnRead(png_structp png, png_bytep to, size_t size) {
    absl::string_view& bytes = static_cast<PngDecoder*>(png_get_io_ptr(png))->bytes_;
    if (size > bytes.size()) png_error(png, "it ends too early");
    std::memcpy(to, bytes.data(), size);
    bytes.remove_prefix(size);
  }

  absl::string_view bytes_;  ///< the bytes that have not been read
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 0;
  std::jmp_buf jump_;
  char message_[128] = "libpng does not start";
};

absl::Status Damaged(const PngDecoder& decoder) {
  return absl::DataLossError(absl::StrCat("PNG: ", decoder.message()));
}

/// Decodes the pixels after the header.
absl::StatusOr<RgbImage> DecodeRest(PngDecoder& decoder) {
  if (decoder.channels() == 3) {
    RgbImage image = MakeImage(decoder.height(), decoder.width());
    if (!decoder.ReadPixels(image.pixels.get())) return Damaged(decoder);
    return image;
  }
  const std::unique_ptr<uint8_t[]> rgba(new uint8_t[4 * decoder.height() * decoder.width()]);
  if (!decoder.ReadPixels(rgba.get())) return Damaged(decoder);
  return OverWhite(rgba.get(), decoder.height(), decoder.width());
}

class PngImage : public OpenedImage {
 public:
  /// `whole` holds the pixels, if they are decoded already.
  PngImage(absl::string_view bytes, const PngDecoder& decoder, RgbImage whole)
      : OpenedImage(decoder.height(), decoder.width(), OrientationOf(decoder.exif())),
        bytes_(bytes),
        whole_(std::move(whole)) {}

 private:
  bool scales() const override { return false; }

  absl::StatusOr<RgbImage> DecodeStored(const PixelRegion& region, int) const override {
    if (whole_.pixels != nullptr) return CutOut(whole_, region);
    PngDecoder decoder(bytes_);
    if (!decoder.ReadHeader()) return Damaged(decoder);
    PDARTS_ASSIGN_OR_RETURN(RgbImage whole, DecodeRest(decoder));
    if (region.height == whole.height && region.width == whole.width) return whole;
    return CutOut(whole, region);
  }

  const absl::string_view bytes_;
  const RgbImage whole_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<OpenedImage>> OpenPng(absl::string_view bytes, int64_t max_pixels) {
  PngDecoder decoder(bytes);
  if (!decoder.ReadHeader()) return Damaged(decoder);
  PDARTS_RETURN_IF_ERROR(CheckSize(decoder.height(), decoder.width(), max_pixels));
  RgbImage whole;
  // EXIF data may follow the pixels.
  if (decoder.exif().empty() && absl::StrContains(bytes, "eXIf")) {
    PDARTS_ASSIGN_OR_RETURN(whole, DecodeRest(decoder));
  }
  return std::make_unique<PngImage>(bytes, decoder, std::move(whole));
}

}  // namespace pdarts::images
