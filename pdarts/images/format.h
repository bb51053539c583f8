#ifndef PDARTS_IMAGES_FORMAT_H_
#define PDARTS_IMAGES_FORMAT_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace pdarts::images {

/// The format of a file according to its first bytes.
enum class Format {
  kUnknown,  ///< no format that this library knows
  kPng,
  kJpeg,
  kWebp,
  kOtherImage,  ///< an image that DecodeImage does not decode, such as a GIF
  kNoImage,     ///< a known format that is not an image, such as an HTML page
};

struct Content {
  Format format = Format::kUnknown;
  absl::string_view name;  ///< with its article, "a GIF image"; empty if unknown
};

/// The number of bytes at the beginning of a file that FindContent needs.
inline constexpr size_t kContentBytes = 64;

/// Tells the format of a file from its first bytes. The name of the file has no influence.
Content FindContent(absl::string_view bytes);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_FORMAT_H_
