// Image files, as a folder of images holds them.

#include <cstdint>

#include "glog/logging.h"
#include "pdarts/images/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kMaxPixels = 100000;
  // Whether JPEGs may be decoded smaller hangs on the length.
  const pdarts::images::DecodeOptions options = {kMaxPixels, size % 2 == 0 ? 4 : 0};
  const auto image =
      pdarts::images::DecodeImage({reinterpret_cast<const char*>(data), size}, options);
  if (image.ok()) {
    CHECK(image->height > 0 && image->width > 0 && image->height * image->width <= kMaxPixels);
  }
  return 0;
}
