#include "pdarts/runs/tfrecord.h"

#include <isa-l/crc.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/little_endian.h"

namespace pdarts {
namespace {

constexpr size_t kHeader = 12;  // the length and its checksum
constexpr size_t kTrailer = 4;  // the content's checksum

/// The CRC-32C of bytes, masked as in TFRecord files, because a checksum of bytes that contain
/// their own checksum is not reliable.
uint32_t MaskedCrc(absl::string_view bytes) {
  // The library does not change the bytes, but its parameter is not a pointer to const.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  const uint32_t crc = ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~0U);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

std::string MaskedCrcBytes(absl::string_view bytes) {
  std::string crc;
  AppendLittleEndian(MaskedCrc(bytes), 4, &crc);
  return crc;
}

}  // namespace

std::string EncodeTfRecord(absl::string_view content) {
  std::string length;
  AppendLittleEndian(content.size(), 8, &length);
  return absl::StrCat(length, MaskedCrcBytes(length), content, MaskedCrcBytes(content));
}

absl::StatusOr<std::vector<std::string>> DecodeTfRecords(absl::string_view file) {
  std::vector<std::string> records;
  const auto damaged = [&](absl::string_view why) {
    return absl::DataLossError(absl::StrCat("record ", records.size(), " ", why));
  };
  while (!file.empty()) {
    if (file.size() < kHeader) return damaged("is cut off");
    const absl::string_view length_bytes = file.substr(0, 8);
    if (file.substr(8, 4) != MaskedCrcBytes(length_bytes)) return damaged("has a wrong length");
    const uint64_t length = ReadLittleEndian(length_bytes);
    if (length > file.size() - kHeader || file.size() - kHeader - length < kTrailer) {
      return damaged("is cut off");
    }
    const absl::string_view content = file.substr(kHeader, length);
    if (file.substr(kHeader + length, kTrailer) != MaskedCrcBytes(content)) {
      return damaged("has a wrong checksum");
    }
    records.emplace_back(content);
    file.remove_prefix(kHeader + length + kTrailer);
  }
  return records;
}

}  // namespace pdarts
