#ifndef PDARTS_RUNS_STORED_ZIP_H_
#define PDARTS_RUNS_STORED_ZIP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pdarts {

/// What the directory of a zip file says.
struct StoredZip {
  uint64_t file_size = 0;
  std::vector<std::string> names;  ///< of its records
};

/// Checks that the records of a zip file are stored as they are, and together no longer than the
/// file, so that whoever reads each of them once takes no more memory than the file has bytes. A
/// compressed record can become a thousand times as long, and many records can share their bytes.
/// \error kDataLoss if they aren't, or if the file ends with no directory of a zip file.
absl::StatusOr<StoredZip> ReadStoredZip(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_RUNS_STORED_ZIP_H_
