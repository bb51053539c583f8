#ifndef PDARTS_FETCH_SHA1_H_
#define PDARTS_FETCH_SHA1_H_

#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// The SHA-1 of a file, 40 lowercase hexadecimal digits. Only for files whose published checksum is
/// of this kind; everything else has SHA-256 (pdarts/core/sha256.h).
/// \error as OpenRegularFile; with the system's reason if the file can't be read.
absl::StatusOr<std::string> Sha1OfFile(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_FETCH_SHA1_H_
