#ifndef PDARTS_IMAGES_FORMAT_H_
#define PDARTS_IMAGES_FORMAT_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace pdarts::images {

/// What the first bytes of a file say that it is.
enum class Format {
  kUnknown,  ///< no format that is known here
  kPng,
  kJpeg,
  kWebp,
  kOtherImage,  ///< an image that DecodeImage does not decode, such as a GIF
  kNoImage,     ///< a known format that is no image, such as an HTML page
};

struct Content {
  Format format = Format::kUnknown;
  absl::string_view name;  ///< with its article, "a GIF image"; empty if unknown
};

/// So many first bytes of a file are enough for FindContent.
inline constexpr size_t kContentBytes = 64;

/// Tells a file's format by its first bytes; its name does not matter.
Content FindContent(absl::string_view bytes);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_FORMAT_H_
