#ifndef PDARTS_DATASETS_CIFAR_RECORDS_H_
#define PDARTS_DATASETS_CIFAR_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/sha256.h"

namespace pdarts::cifar {

/// Bytes of a record's 3x32x32 image, behind its label bytes.
inline constexpr int64_t kImageBytes = int64_t{3} * 32 * 32;

/// One label byte of a record.
struct LabelByte {
  std::string name;  ///< for messages: "coarse label"
  int limit;         ///< valid values are in [0, limit)
};

struct RecordFormat {
  std::vector<LabelByte> labels;  ///< in the order in which they stand in a record
  int used_label = 0;             ///< index of the one that becomes ImageSplit::labels
};

struct RecordFile {
  std::string path;
  int64_t records;  ///< how many it must hold
};

/// Reads files of CIFAR's binary layout, one behind the other: each record is its label bytes and
/// then an image (red plane, green plane, blue plane, rows from the top).
/// \param checksum takes all bytes of all files, in order; may be nullptr.
/// \return images `[N,3,32,32]` uint8 and labels `[N]` int64, N the records of all files.
/// \error kNotFound if a file doesn't exist, kDataLoss if it can't be read, has another length
/// than its records or a label out of its limit; all name the file, and the
/// record (from 0) where there is one.
absl::StatusOr<ImageSplit> ReadRecords(const std::vector<RecordFile>& files,
                                       const RecordFormat& format, Sha256* checksum);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_RECORDS_H_
