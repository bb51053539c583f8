#include "pdarts/images/format.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace pdarts::images {
namespace {

struct Signature {
  size_t offset;
  absl::string_view bytes;
  Content content;
};

// The views have a length, because some signatures contain zero bytes.
constexpr Signature kSignatures[] = {
    {0, {"\x89PNG\r\n\x1a\n", 8}, {Format::kPng, "a PNG image"}},
    {0, {"\xff\xd8\xff", 3}, {Format::kJpeg, "a JPEG image"}},
    {8, {"WEBP", 4}, {Format::kWebp, "a WebP image"}},
    {0, {"GIF87a", 6}, {Format::kOtherImage, "a GIF image"}},
    {0, {"GIF89a", 6}, {Format::kOtherImage, "a GIF image"}},
    {0, {"II*\0", 4}, {Format::kOtherImage, "a TIFF image"}},
    {0, {"MM\0*", 4}, {Format::kOtherImage, "a TIFF image"}},
    {0, {"II+\0", 4}, {Format::kOtherImage, "a TIFF image"}},
    {0, {"MM\0+", 4}, {Format::kOtherImage, "a TIFF image"}},
    {4, {"ftypheic", 8}, {Format::kOtherImage, "a HEIC image"}},
    {4, {"ftypheix", 8}, {Format::kOtherImage, "a HEIC image"}},
    {4, {"ftyphevc", 8}, {Format::kOtherImage, "a HEIC image"}},
    {4, {"ftypmif1", 8}, {Format::kOtherImage, "a HEIF image"}},
    {4, {"ftypmsf1", 8}, {Format::kOtherImage, "a HEIF image"}},
    {4, {"ftypavif", 8}, {Format::kOtherImage, "an AVIF image"}},
    {4, {"ftypavis", 8}, {Format::kOtherImage, "an AVIF image"}},
    {4, {"jP  \r\n", 6}, {Format::kOtherImage, "a JPEG 2000 image"}},
    {4, {"JXL \r\n", 6}, {Format::kOtherImage, "a JPEG XL image"}},
    {0, {"\xff\x0a", 2}, {Format::kOtherImage, "a JPEG XL image"}},
    {0, {"8BPS", 4}, {Format::kOtherImage, "a Photoshop image"}},
    {0, {"%PDF-", 5}, {Format::kNoImage, "a PDF file"}},
    {0, {"PK\3\4", 4}, {Format::kNoImage, "a ZIP archive"}},
    {0, {"version https://git-lfs", 23}, {Format::kNoImage, "a git-lfs pointer"}},
};

bool HasAt(absl::string_view bytes, size_t offset, absl::string_view signature) {
  return bytes.size() >= offset && absl::StartsWith(bytes.substr(offset), signature);
}

/// A BMP begins with two letters with which a text can begin as well. So its reserved bytes are
/// checked.
bool IsBmp(absl::string_view bytes) {
  return absl::StartsWith(bytes, "BM") && HasAt(bytes, 6, absl::string_view("\0\0\0\0", 4)) &&
         HasAt(bytes, 15, absl::string_view("\0\0\0", 3));
}

bool IsHtml(absl::string_view bytes) {
  const std::string begin = absl::AsciiStrToLower(
      absl::StripLeadingAsciiWhitespace(bytes.substr(0, std::min(bytes.size(), kContentBytes))));
  return absl::StartsWith(begin, "<!doctype html") || absl::StartsWith(begin, "<html");
}

}  // namespace

Content FindContent(absl::string_view bytes) {
  for (const Signature& signature : kSignatures) {
    if (!HasAt(bytes, signature.offset, signature.bytes)) continue;
    // Other kinds of files use the same container as a WebP image.
    if (signature.content.format == Format::kWebp && !absl::StartsWith(bytes, "RIFF")) continue;
    return signature.content;
  }
  if (IsBmp(bytes)) return {Format::kOtherImage, "a BMP image"};
  if (IsHtml(bytes)) return {Format::kNoImage, "an HTML page"};
  return {};
}

}  // namespace pdarts::images
