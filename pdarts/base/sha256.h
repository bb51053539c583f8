#ifndef PDARTS_BASE_SHA256_H_
#define PDARTS_BASE_SHA256_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

// A type of OpenSSL, whose headers are not included here.
struct evp_md_ctx_st;

namespace pdarts {

/// SHA-256 of bytes that arrive in pieces.
class Sha256 {
 public:
  Sha256();

  /// Appends bytes; not allowed after Bytes() or Hex().
  void Update(absl::string_view bytes);

  /// The digest of all bytes: 32 bytes, or 64 lowercase hexadecimal digits. Call only one of the
  /// two, and only once.
  std::string Bytes();
  std::string Hex();

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;  // null once finished
};

/// The SHA-256 of these bytes.
Sha256 Sha256Of(absl::string_view bytes);

}  // namespace pdarts

#endif  // PDARTS_BASE_SHA256_H_
