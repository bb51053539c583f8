#ifndef PDARTS_FETCH_UNPACK_H_
#define PDARTS_FETCH_UNPACK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace pdarts {

/// Unpacks a .tar.gz file into a new folder, and syncs what it writes. The archive may hold folders
/// and regular files only, all below the folder; modes, owners and times are not taken over.
/// \error kDataLoss if the archive is damaged, names a path that leaves the folder, holds a link or
/// anything else, or more than `max_bytes`; kAlreadyExists if `folder` exists; others, naming the
/// file, if it can't be written. What was unpacked until then stays.
absl::Status Unpack(const std::string& archive, const std::string& folder, int64_t max_bytes);

}  // namespace pdarts

#endif  // PDARTS_FETCH_UNPACK_H_
