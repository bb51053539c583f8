#ifndef PDARTS_WEIGHTS_STORED_ZIP_H_
#define PDARTS_WEIGHTS_STORED_ZIP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pdarts {

/// The content of the directory of a zip file.
struct StoredZip {
  uint64_t file_size = 0;
  std::vector<std::string> names;  ///< names of the records
};

/// Checks that the records of a zip file are not compressed, and that they are together not longer
/// than the file. A program that reads each record once then takes no more memory than the file has
/// bytes. Without this check, a compressed record could become a thousand times as long, and many
/// records could share their bytes.
/// \error kDataLoss if a check fails, or if the file does not end with the directory of a zip file.
absl::StatusOr<StoredZip> ReadStoredZip(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_WEIGHTS_STORED_ZIP_H_
