#ifndef PDARTS_FETCH_UNPACK_H_
#define PDARTS_FETCH_UNPACK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace pdarts {

/// Unpacks a .tar.gz file into a new folder, and syncs the written files. The archive may hold only
/// folders and regular files, all below the folder. Modes, owners and times are ignored.
/// \error kDataLoss if the archive is damaged, contains a path that leaves the folder, contains a
/// link or anything else, or has more than `max_bytes` bytes; kAlreadyExists if `folder` exists;
/// others, naming the file, if it cannot be written. After an error, the files that were unpacked
/// before stay in the folder.
absl::Status Unpack(const std::string& archive, const std::string& folder, int64_t max_bytes);

}  // namespace pdarts

#endif  // PDARTS_FETCH_UNPACK_H_
