// Input: image files, as in a folder of images.

#include <algorithm>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/images/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kMaxPixels = 100000;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  // The length of the input determines whether a JPEG may be decoded at a smaller size.
  const pdarts::images::DecodeOptions options = {kMaxPixels, size % 2 == 0 ? 4 : 0};
  const auto image = pdarts::images::DecodeImage(bytes, options);
  if (image.ok()) {
    CHECK(image->height > 0 && image->width > 0 && image->height * image->width <= kMaxPixels);
  }
  const auto opened = pdarts::images::OpenImage(bytes, kMaxPixels);
  if (!opened.ok()) return 0;
  // The length also determines the region.
  pdarts::PixelRegion region;
  region.left = static_cast<int64_t>(size) % (*opened)->width();
  region.top = static_cast<int64_t>(size / 7) % (*opened)->height();
  region.width = 1 + ((*opened)->width() - region.left - 1) / 2;
  region.height = (*opened)->height() - region.top;
  const auto part = (*opened)->Decode(region, 3, 2);
  if (part.ok()) {
    CHECK(part->width >= std::min<int64_t>(region.width, 2) && part->width <= region.width);
    CHECK(part->height >= std::min<int64_t>(region.height, 3) && part->height <= region.height);
  }
  return 0;
}
