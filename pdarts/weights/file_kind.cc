#include "pdarts/weights/file_kind.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace pdarts {
namespace {

struct Signature {
  size_t offset;
  absl::string_view bytes;
  absl::string_view kind;
};
constexpr Signature kSignatures[] = {
    {0, "\x1f\x8b", "a gzip archive: unpack it first"},
    {0, "BZh", "a bzip2 archive: unpack it first"},
    {0, "\xfd\x37zXZ", "an xz archive: unpack it first"},
    {0, "\x28\xb5\x2f\xfd", "a Zstandard archive: unpack it first"},
    {0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"},
    {0, "Rar!\x1a\x07", "a RAR archive: unpack it first"},
    {257, "ustar", "a tar archive: unpack it first"},
    {0, "PK\x05\x06", "an empty zip archive"},
    {0, "\x89HDF\r\n\x1a\n", "an HDF5 file, such as Keras writes"},
    {0, "\x93NUMPY", "a NumPy array (.npy)"},
    {0, "GGUF", "a GGUF file"},
    {4, "TFL3", "a TensorFlow Lite model"},
    {0, "PDARTSCK", "a checkpoint of an unfinished run of pdarts, which --resume continues"},
    {0, "\x89PNG", "a PNG image"},
    {0, "\xff\xd8\xff", "a JPEG image"},
    {0, "%PDF-", "a PDF document"},
};

constexpr size_t kShownText = 40;
constexpr size_t kShownBytes = 8;

bool HasText(absl::string_view bytes, size_t offset, absl::string_view text) {
  return bytes.size() >= offset && absl::StartsWith(bytes.substr(offset), text);
}

/// A pickle of protocol 2 to 5 begins with the number of the protocol. Pickles of protocols 0 and 1
/// have no known beginning.
bool IsPickle(absl::string_view bytes) {
  return bytes.size() > 1 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5;
}

/// ONNX has no signature. A model is a protobuf message whose fields are written in the order of
/// their numbers: the first field is the version of the format, 3 or more since 2017; the next
/// field is a text or a message.
bool IsOnnx(absl::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == 0x08 && bytes[1] >= 3 && bytes[1] < 32 &&
         (bytes[2] == 0x12 || bytes[2] == 0x1a || bytes[2] == 0x22 || bytes[2] == 0x3a ||
          bytes[2] == 0x42);
}

bool IsText(absl::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c)) &&
           !absl::ascii_isspace(static_cast<unsigned char>(c));
  });
}

std::string TextKind(absl::string_view text) {
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");  // a byte-order mark
  text = absl::StripLeadingAsciiWhitespace(text);
  if (absl::StartsWith(text, "version https://git-lfs.github.com/")) {
    return "a git-lfs pointer, which stands for a file that was not downloaded: get it by "
           "`git lfs pull`";
  }
  if (absl::StartsWithIgnoreCase(text, "<!doctype html") ||
      absl::StartsWithIgnoreCase(text, "<html") || absl::StartsWithIgnoreCase(text, "<head")) {
    return "an HTML page, such as a website sends instead of a file: download it again";
  }
  if (absl::StartsWith(text, "<")) return "an XML or HTML text";
  if (absl::StartsWith(text, "{") || absl::StartsWith(text, "[")) return "a JSON text";
  const absl::string_view line = text.substr(0, text.find_first_of("\r\n"));
  return absl::StrCat("a text that begins with \"", absl::CHexEscape(line.substr(0, kShownText)),
                      "\"");
}

}  // namespace

std::string DescribeFileKind(absl::string_view beginning) {
  if (beginning.empty()) return "an empty file";
  for (const Signature& signature : kSignatures) {
    if (HasText(beginning, signature.offset, signature.bytes)) return std::string(signature.kind);
  }
  if (IsPickle(beginning)) return "a Python pickle that torch.save did not write";
  if (IsOnnx(beginning)) return "an ONNX model";
  if (IsText(beginning)) return TextKind(beginning);
  return absl::StrCat("of an unknown kind, with the first bytes ",
                      absl::BytesToHexString(beginning.substr(0, kShownBytes)));
}

}  // namespace pdarts
