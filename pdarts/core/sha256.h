#ifndef PDARTS_CORE_SHA256_H_
#define PDARTS_CORE_SHA256_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

// OpenSSL's; its headers stay out of this one.
struct evp_md_ctx_st;

namespace pdarts {

/// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();

  /// Appends bytes; not allowed after Bytes() or Hex().
  void Update(absl::string_view bytes);

  /// The digest of all bytes so far: 32 bytes, or as 64 lowercase hexadecimal digits. One of the
  /// two is to be called, once.
  std::string Bytes();
  std::string Hex();

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;  // null once finished
};

/// Of these bytes.
Sha256 Sha256Of(absl::string_view bytes);

}  // namespace pdarts

#endif  // PDARTS_CORE_SHA256_H_
