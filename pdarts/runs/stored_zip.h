#ifndef PDARTS_RUNS_STORED_ZIP_H_
#define PDARTS_RUNS_STORED_ZIP_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// Checks that the records of a zip file are stored as they are, and together no longer than the
/// file, so that whoever reads each of them once takes no more memory than the file has bytes. A
/// compressed record can become a thousand times as long, and many records can share their bytes.
/// Returns the file's size in bytes.
/// \error kDataLoss if they aren't, or if the file ends with no directory of a zip file.
absl::StatusOr<uint64_t> CheckStoredZip(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_RUNS_STORED_ZIP_H_
