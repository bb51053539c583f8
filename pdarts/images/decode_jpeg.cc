#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
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
#include "pdarts/core/status_macros.h"
#include "pdarts/images/decode.h"
#include "pdarts/images/orientation.h"

namespace pdarts::images {
namespace {

/// More passes over an image than any real one makes.
constexpr int kMaxScans = 200;

/// The kind of segment that holds EXIF data, among others.
constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr unsigned kMaxMarkerBytes = 0xffff;

/// libjpeg's decoder. The library reports an error by a jump out of its depths, which runs no
/// destructor: each method that may be jumped back into holds nothing that has one.
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

  /// Reads as far as the image's size and kind. False: message() says why not.
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

  /// The EXIF data that the file holds; empty if it has none.
  absl::string_view exif() const {
    for (jpeg_saved_marker_ptr marker = info_.marker_list; marker != nullptr;
         marker = marker->next) {
      const absl::string_view data(reinterpret_cast<const char*>(marker->data),
                                   marker->data_length);
      if (absl::StartsWith(data, absl::string_view("Exif\0\0", 6))) return data;
    }
    return "";
  }

  /// Begins to decode at 1/denominator of the image's size.
  bool Begin(int denominator) {
    if (setjmp(errors_.jump) != 0) return false;
    info_.scale_num = 1;
    info_.scale_denom = static_cast<unsigned>(denominator);
    jpeg_start_decompress(&info_);
    return true;
  }

  int64_t output_height() const { return info_.output_height; }
  int64_t output_width() const { return info_.output_width; }

  /// Decodes into `pixels` `[output_height,output_width,3]`. `row` holds 4 * output_width bytes if
  /// the image is CMYK.
  bool ReadPixels(uint8_t* pixels, uint8_t* row) {
    if (setjmp(errors_.jump) != 0) return false;
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW to = is_cmyk() ? row : pixels;
      jpeg_read_scanlines(&info_, &to, 1);
      if (is_cmyk()) CmykToRgb(row, pixels);
      pixels += 3 * static_cast<size_t>(info_.output_width);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

 private:
  struct Errors {
    jpeg_error_mgr base;  // first: libjpeg knows it only
    std::jmp_buf jump;
    char message[JMSG_LENGTH_MAX];
  };

  [[noreturn]] static void OnError(j_common_ptr info) {
    auto* errors = reinterpret_cast<Errors*>(info->err);
    info->err->format_message(info, errors->message);
    std::longjmp(errors->jump, 1);
  }

  /// What libjpeg only warns of, and fills up with grey, is damage.
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
        break;  // harmless: strange headers, bytes between the parts
    }
  }

  /// A small file can ask for thousands of passes over a large image.
  static void OnProgress(j_common_ptr info) {
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
    auto* errors = reinterpret_cast<Errors*>(info->err);
    std::snprintf(errors->message, sizeof(errors->message), "more than %d scans", kMaxScans);
    std::longjmp(errors->jump, 1);
  }

  /// Without a color profile: each ink takes its share of the light. Adobe's programs store what
  /// is left of the light, all others the ink.
  void CmykToRgb(const uint8_t* row, uint8_t* pixels) const {
    const unsigned flip = info_.saw_Adobe_marker ? 0 : 255;
    for (JDIMENSION x = 0; x < info_.output_width; ++x, row += 4, pixels += 3) {
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

/// How much smaller the image may be decoded.
int ScaleDenominator(const JpegDecoder& decoder, int64_t enough) {
  const int64_t side = std::min(decoder.height(), decoder.width());
  for (const int denominator : {8, 4, 2}) {
    if (enough > 0 && side / denominator >= enough) return denominator;
  }
  return 1;
}

}  // namespace

absl::StatusOr<RgbImage> DecodeJpeg(absl::string_view bytes, const DecodeOptions& options) {
  JpegDecoder decoder;
  const auto damaged = [&] {
    return absl::DataLossError(absl::StrCat("JPEG: ", decoder.message()));
  };
  if (!decoder.ReadHeader(bytes.data(), bytes.size())) return damaged();
  PDARTS_RETURN_IF_ERROR(CheckSize(decoder.height(), decoder.width(), options.max_pixels));
  if (!decoder.Begin(ScaleDenominator(decoder, options.enough))) return damaged();
  const int orientation = OrientationOf(decoder.exif());
  RgbImage image = MakeImage(decoder.output_height(), decoder.output_width());
  std::unique_ptr<uint8_t[]> row(decoder.is_cmyk() ? new uint8_t[4 * image.width] : nullptr);
  if (!decoder.ReadPixels(image.pixels.get(), row.get())) return damaged();
  return Upright(std::move(image), orientation);
}

}  // namespace pdarts::images
