// Image files, as a folder of images holds them.

#include <cstdint>

#include "glog/logging.h"
#include "pdarts/datasets/image_folder/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kMaxPixels = 100000;
  const auto image =
      pdarts::image_folder::DecodeImage({reinterpret_cast<const char*>(data), size}, kMaxPixels);
  if (image.ok()) {
    CHECK(image->height > 0 && image->width > 0 && image->height * image->width <= kMaxPixels);
  }
  return 0;
}
