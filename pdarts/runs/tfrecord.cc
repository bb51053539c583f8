#include "pdarts/runs/tfrecord.h"

#include <isa-l/crc.h>

#include <cstdint>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace pdarts {
namespace {

constexpr size_t kHeader = 12;  // the length and its checksum
constexpr size_t kTrailer = 4;  // the content's checksum

/// The CRC-32C of bytes, masked as in TFRecord files: the checksum of what holds its own checksum
/// says little.
uint32_t MaskedCrc(absl::string_view bytes) {
  // The library changes nothing; it only takes no pointer to what is const.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  const uint32_t crc = ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~0U);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

/// The bytes of a number, as x86 holds it: least significant first, which is TFRecord's order.
template <class Number>
std::string Bytes(Number number) {
  return std::string(reinterpret_cast<const char*>(&number), sizeof(number));
}

}  // namespace

std::string EncodeTfRecord(absl::string_view content) {
  const std::string length = Bytes(static_cast<uint64_t>(content.size()));
  return absl::StrCat(length, Bytes(MaskedCrc(length)), content, Bytes(MaskedCrc(content)));
}

absl::StatusOr<std::vector<std::string>> DecodeTfRecords(absl::string_view file) {
  std::vector<std::string> records;
  const auto damaged = [&](absl::string_view why) {
    return absl::DataLossError(absl::StrCat("record ", records.size(), " ", why));
  };
  while (!file.empty()) {
    if (file.size() < kHeader) return damaged("is cut off");
    const absl::string_view length_bytes = file.substr(0, 8);
    if (file.substr(8, 4) != Bytes(MaskedCrc(length_bytes))) return damaged("has a wrong length");
    uint64_t length;
    std::memcpy(&length, length_bytes.data(), sizeof(length));
    if (length > file.size() - kHeader || file.size() - kHeader - length < kTrailer) {
      return damaged("is cut off");
    }
    const absl::string_view content = file.substr(kHeader, length);
    if (file.substr(kHeader + length, kTrailer) != Bytes(MaskedCrc(content))) {
      return damaged("has a wrong checksum");
    }
    records.emplace_back(content);
    file.remove_prefix(kHeader + length + kTrailer);
  }
  return records;
}

}  // namespace pdarts
