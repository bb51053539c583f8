#ifndef PDARTS_CORE_SHA256_H_
#define PDARTS_CORE_SHA256_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace pdarts {

/// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void Add(const void* bytes, size_t size);
  void Add(absl::string_view bytes) { Add(bytes.data(), bytes.size()); }
  /// Lower-case hexadecimal digest of everything added. Call it once.
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_SHA256_H_
