#ifndef PDARTS_FETCH_SHA1_H_
#define PDARTS_FETCH_SHA1_H_

#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// The SHA-1 of a file as 40 lowercase hexadecimal digits. Use it only for files with a published
/// SHA-1. All other code uses SHA-256 (pdarts/base/sha256.h).
/// \error as OpenRegularFile; with the reason of the system if the file cannot be read.
absl::StatusOr<std::string> Sha1OfFile(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_FETCH_SHA1_H_
