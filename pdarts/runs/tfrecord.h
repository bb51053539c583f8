#ifndef PDARTS_RUNS_TFRECORD_H_
#define PDARTS_RUNS_TFRECORD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// One record of a TFRecord file: its length, the content, and a masked CRC-32C of each.
std::string EncodeTfRecord(absl::string_view content);

/// The contents of all records of a file.
/// \error kDataLoss naming the first record that is cut off or has a wrong checksum. The first
/// record is 0.
absl::StatusOr<std::vector<std::string>> DecodeTfRecords(absl::string_view file);

}  // namespace pdarts

#endif  // PDARTS_RUNS_TFRECORD_H_
