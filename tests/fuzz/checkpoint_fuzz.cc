// Input: checkpoint files, once unchanged and once with correct sizes and a correct checksum, so
// that the header is read.

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/sha256.h"
#include "pdarts/runs/checkpoint.h"

namespace {

/// A checkpoint of version 3. The first `header_size` bytes of `body` are its header.
std::string Frame(absl::string_view body, size_t header_size) {
  std::string content = "PDARTSCK";
  pdarts::AppendLittleEndian(3, 4, &content);
  pdarts::AppendLittleEndian(content.size() + 16 + body.size() + 32, 8, &content);
  pdarts::AppendLittleEndian(header_size, 8, &content);
  absl::StrAppend(&content, body);
  return content + pdarts::Sha256Of(content).Bytes();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  (void)pdarts::DecodeCheckpoint(input);
  if (input.empty()) return 0;
  // The first byte determines the end of the header.
  const absl::string_view body = input.substr(1);
  const auto checkpoint =
      pdarts::DecodeCheckpoint(Frame(body, body.size() * static_cast<uint8_t>(input[0]) / 255));
  if (checkpoint.ok()) (void)pdarts::FirstNotFinite(checkpoint->state);
  return 0;
}
