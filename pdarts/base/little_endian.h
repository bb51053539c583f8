#ifndef PDARTS_BASE_LITTLE_ENDIAN_H_
#define PDARTS_BASE_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace pdarts {

/// Appends the lowest `bytes` bytes of a number (at most 8), the least significant byte first.
inline void AppendLittleEndian(uint64_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

/// The unsigned number in at most 8 bytes, the least significant byte first.
inline uint64_t ReadLittleEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

}  // namespace pdarts

#endif  // PDARTS_BASE_LITTLE_ENDIAN_H_
