#include "pdarts/images/orientation.h"

#include <libexif/exif-data.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace pdarts::images {
namespace {

constexpr absl::string_view kPrefix("Exif\0\0", 6);
/// The limit is above what cameras write: a segment of a JPEG file holds 64 KiB.
constexpr size_t kMaxBytes = size_t{1} << 20;

struct Unref {
  void operator()(ExifData* data) const { exif_data_unref(data); }
};

}  // namespace

int OrientationOf(absl::string_view exif) {
  if (exif.empty() || exif.size() > kMaxBytes) return 1;
  const std::string block = absl::StrCat(kPrefix, absl::StripPrefix(exif, kPrefix));
  const std::unique_ptr<ExifData, Unref> data(exif_data_new_from_data(
      reinterpret_cast<const unsigned char*>(block.data()), static_cast<unsigned>(block.size())));
  if (data == nullptr) return 1;
  const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->components != 1 ||
      entry->size < 2) {
    return 1;
  }
  const int orientation = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

StoredAxes AxesOf(int orientation) {
  StoredAxes axes;
  axes.transposed = orientation >= 5;
  axes.rows_turned = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  axes.columns_turned =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  return axes;
}

RgbImage Upright(RgbImage image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const StoredAxes axes = AxesOf(orientation);
  RgbImage upright =
      axes.transposed ? MakeImage(image.width, image.height) : MakeImage(image.height, image.width);
  uint8_t* to = upright.pixels.get();
  for (int64_t y = 0; y < upright.height; ++y) {
    for (int64_t x = 0; x < upright.width; ++x, to += 3) {
      int64_t row = axes.transposed ? x : y;
      int64_t column = axes.transposed ? y : x;
      if (axes.rows_turned) row = image.height - 1 - row;
      if (axes.columns_turned) column = image.width - 1 - column;
      std::memcpy(to, image.pixels.get() + 3 * (row * image.width + column), 3);
    }
  }
  return upright;
}

}  // namespace pdarts::images
