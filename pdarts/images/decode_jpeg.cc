#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>
// clang-format off
#include <jpeglib.h>  // needs <cstdio> before it
#include <jerror.h>
// clang-format on

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/images/decode.h"
#include "pdarts/images/orientation.h"

namespace pdarts::images {
namespace {

/// A limit on the passes over an image, above that of any real image.
constexpr int kMaxScans = 200;

/// The kind of segment that can hold EXIF data.
constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr unsigned kMaxMarkerBytes = 0xffff;

/// The decoder of libjpeg. The library reports an error by a long jump, which runs no destructors.
/// So a method to which the library may jump has no local variables with destructors.
class JpegDecoder {
 public:
  JpegDecoder() {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = &OnError;
    errors_.base.emit_message = &OnMessage;
    progress_.progress_monitor = &OnProgress;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  /// Reads the size and the kind of the image. If this returns false, message() tells the reason.
  bool ReadHeader(const char* bytes, size_t size) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_save_markers(&info_, kExifMarker, kMaxMarkerBytes);
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes), size);
    jpeg_read_header(&info_, /*require_image=*/TRUE);
    const bool four = info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
    info_.out_color_space = four ? JCS_CMYK : JCS_RGB;
    return true;
  }

  int64_t height() const { return info_.image_height; }
  int64_t width() const { return info_.image_width; }
  bool is_cmyk() const { return info_.out_color_space == JCS_CMYK; }
  const char* message() const { return errors_.message; }

  /// The EXIF data in the file; empty if there are none.
  absl::string_view exif() const {
    for (jpeg_saved_marker_ptr marker = info_.marker_list; marker != nullptr;
         marker = marker->next) {
      const absl::string_view data(reinterpret_cast<const char*>(marker->data),
                                   marker->data_length);
      if (absl::StartsWith(data, absl::string_view("Exif\0\0", 6))) return data;
    }
    return "";
  }

  /// Whether an end marker follows the header, so that the file is complete. Within the code of the
  /// pixels, the byte 0xff is never followed by 0xd9.
  bool HasEnd() const {
    const absl::string_view rest(reinterpret_cast<const char*>(info_.src->next_input_byte),
                                 info_.src->bytes_in_buffer);
    return rest.rfind("\xff\xd9") != absl::string_view::npos;
  }

  /// Begins to decode at 1/denominator of the size of the image.
  bool Begin(int denominator) {
    if (setjmp(errors_.jump) != 0) return false;
    info_.scale_num = 1;
    info_.scale_denom = static_cast<unsigned>(denominator);
    jpeg_start_decompress(&info_);
    return true;
  }

  int64_t output_height() const { return info_.output_height; }
  int64_t output_width() const { return info_.output_width; }

  /// Excludes the columns that are not near [*left, *left + width). Afterwards, output_width()
  /// columns are decoded. *left is then the index of the first wanted column among them.
  bool CutColumns(int64_t* left, int64_t width) {
    if (setjmp(errors_.jump) != 0) return false;
    auto first = static_cast<JDIMENSION>(*left), count = static_cast<JDIMENSION>(width);
    jpeg_crop_scanline(&info_, &first, &count);
    *left = first;
    return true;
  }

  /// Skips rows that have not been read.
  bool SkipRows(int64_t rows) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(rows));
    return true;
  }

  /// Decodes rows into `pixels` `[height,width,3]`. The columns are those from `first` on among the
  /// decoded columns. `row` holds RowBytes() bytes.
  bool ReadPixels(int64_t first, int64_t height, int64_t width, uint8_t* pixels, uint8_t* row) {
    if (setjmp(errors_.jump) != 0) return false;
    const int64_t before = 3 * first, after = 3 * (output_width() - first);
    for (int64_t y = 0; y < height; ++y, pixels += 3 * width) {
      // A decoded row is written to its place together with the columns to its left and right. The
      // next row overwrites the columns to the right. The function restores the pixels that the
      // columns to the left overwrite.
      const bool is_direct =
          !is_cmyk() && before <= 3 * width * y && after <= 3 * width * (height - y);
      if (is_direct) std::memcpy(row, pixels - before, static_cast<size_t>(before));
      JSAMPROW to = is_direct ? pixels - before : row;
      jpeg_read_scanlines(&info_, &to, 1);
      if (is_direct) {
        std::memcpy(pixels - before, row, static_cast<size_t>(before));
      } else if (is_cmyk()) {
        CmykToRgb(row + 4 * first, width, pixels);
      } else {
        std::memcpy(pixels, row + before, static_cast<size_t>(3 * width));
      }
    }
    if (info_.output_scanline == info_.output_height) jpeg_finish_decompress(&info_);
    return true;
  }
  size_t RowBytes() const { return size_t{4} * info_.output_width; }

 private:
  struct Errors {
    jpeg_error_mgr base;  // the first member, because libjpeg knows only this one
    std::jmp_buf jump;
    char message[JMSG_LENGTH_MAX];
  };

  [[noreturn]] static void OnError(j_common_ptr info) {
    auto* errors = reinterpret_cast<Errors*>(info->err);
    info->err->format_message(info, errors->message);
    std::longjmp(errors->jump, 1);
  }

  /// libjpeg only warns about some kinds of damage, and fills the pixels with gray. Here they are
  /// errors.
  static void OnMessage(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (info->err->msg_code) {
      case JWRN_ARITH_BAD_CODE:
      case JWRN_BOGUS_PROGRESSION:
      case JWRN_HIT_MARKER:
      case JWRN_HUFF_BAD_CODE:
      case JWRN_JPEG_EOF:
      case JWRN_MUST_RESYNC:
      case JWRN_NOT_SEQUENTIAL:
        OnError(info);
      default:
        break;  // harmless: unusual headers, bytes between the parts
    }
  }

  /// Without this limit, a small file can cause thousands of passes over a large image.
  static void OnProgress(j_common_ptr info) {
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
    auto* errors = reinterpret_cast<Errors*>(info->err);
    std::snprintf(errors->message, sizeof(errors->message), "more than %d scans", kMaxScans);
    std::longjmp(errors->jump, 1);
  }

  /// Converts without a color profile: each ink reduces the light by its share. Files of Adobe's
  /// programs store the remaining light. All other files store the ink.
  void CmykToRgb(const uint8_t* row, int64_t width, uint8_t* pixels) const {
    const unsigned flip = info_.saw_Adobe_marker ? 0 : 255;
    for (int64_t x = 0; x < width; ++x, row += 4, pixels += 3) {
      const unsigned black = row[3] ^ flip;
      for (int c = 0; c < 3; ++c) {
        pixels[c] = static_cast<uint8_t>(((row[c] ^ flip) * black + 127) / 255);
      }
    }
  }

  jpeg_decompress_struct info_ = {};
  jpeg_progress_mgr progress_ = {};
  Errors errors_ = {};
};

/// The number of columns beside a region that are decoded with it. Pixels at the edge of the region
/// are interpolated from them.
constexpr int64_t kMargin = 2;

absl::Status Damaged(const JpegDecoder& decoder) {
  return absl::DataLossError(absl::StrCat("JPEG: ", decoder.message()));
}

class JpegImage : public OpenedImage {
 public:
  /// `decoder` has read the header of `bytes`.
  JpegImage(absl::string_view bytes, std::unique_ptr<JpegDecoder> decoder)
      : OpenedImage(decoder->height(), decoder->width(), OrientationOf(decoder->exif())),
        bytes_(bytes),
        decoder_(std::move(decoder)) {}

 private:
  bool scales() const override { return true; }

  absl::StatusOr<RgbImage> DecodeStored(const PixelRegion& region, int denominator) const override {
    std::unique_ptr<JpegDecoder> decoder = std::move(decoder_);
    if (decoder == nullptr) {  // when Decode is called again
      decoder = std::make_unique<JpegDecoder>();
      if (!decoder->ReadHeader(bytes_.data(), bytes_.size())) return Damaged(*decoder);
    }
    if (!decoder->Begin(denominator)) return Damaged(*decoder);
    int64_t left = 0;
    if (region.width < decoder->output_width()) {
      left = std::max<int64_t>(region.left - kMargin, 0);
      const int64_t end = std::min(region.left + region.width + kMargin, decoder->output_width());
      if (!decoder->CutColumns(&left, end - left)) return Damaged(*decoder);
    }
    if (region.top > 0 && !decoder->SkipRows(region.top)) return Damaged(*decoder);
    RgbImage image = MakeImage(region.height, region.width);
    const std::unique_ptr<uint8_t[]> row(new uint8_t[decoder->RowBytes()]);
    if (!decoder->ReadPixels(region.left - left, region.height, region.width, image.pixels.get(),
                             row.get())) {
      return Damaged(*decoder);
    }
    return image;
  }

  const absl::string_view bytes_;
  mutable std::unique_ptr<JpegDecoder> decoder_;  ///< null after the first call of Decode
};

}  // namespace

absl::StatusOr<std::unique_ptr<OpenedImage>> OpenJpeg(absl::string_view bytes, int64_t max_pixels) {
  auto decoder = std::make_unique<JpegDecoder>();
  if (!decoder->ReadHeader(bytes.data(), bytes.size())) return Damaged(*decoder);
  PDARTS_RETURN_IF_ERROR(CheckSize(decoder->height(), decoder->width(), max_pixels));
  // Decoding a region before the cut would not notice that the file is cut off.
  if (!decoder->HasEnd()) return absl::DataLossError("JPEG: Premature end of JPEG file");
  return std::make_unique<JpegImage>(bytes, std::move(decoder));
}

}  // namespace pdarts::images
