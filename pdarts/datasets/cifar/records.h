#ifndef PDARTS_DATASETS_CIFAR_RECORDS_H_
#define PDARTS_DATASETS_CIFAR_RECORDS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "pdarts/base/sha256.h"

namespace pdarts::cifar {

/// The number of bytes of the 3x32x32 image of a record, which follows the label bytes.
inline constexpr int64_t kImageBytes = int64_t{3} * 32 * 32;

/// One label byte of a record.
struct LabelByte {
  std::string name;        ///< for messages: "coarse label"
  int limit;               ///< valid values are in [0, limit)
  std::string python_key;  ///< the name of its entry in the Python version
};

struct RecordFormat {
  std::vector<LabelByte> labels;  ///< in their order in a record
  int used_label = 0;             ///< index of the label that becomes Records::labels
};

/// The content of files of records.
struct Records {
  at::Tensor images;  ///< `[N,3,32,32]` uint8, contiguous
  at::Tensor labels;  ///< `[N]` int64
};

struct RecordFile {
  std::string path;
  int64_t records;  ///< the required number of records
};

/// Reads files of CIFAR's binary layout, one after the other. Each record consists of its label
/// bytes and an image (red plane, green plane, blue plane, rows from the top).
/// \param checksum gets all bytes of all files, in order; may be nullptr.
/// \error kNotFound if a file does not exist; kDataLoss if a file cannot be read, has another
/// length than its records, or has a label outside of its limit. The message names the file, and
/// the record (from 0) if a record is wrong.
absl::StatusOr<Records> ReadRecords(const std::vector<RecordFile>& files,
                                    const RecordFormat& format, Sha256* checksum);

/// Returns all bytes of a file of records, in the binary layout. Its errors name the file.
using RecordReader = std::function<absl::StatusOr<std::string>(const RecordFile& file)>;

/// Reads records from files whose bytes `read` returns. \error the errors of `read`, and as
/// ReadRecords.
absl::StatusOr<Records> ReadRecordsFrom(const RecordReader& read,
                                        const std::vector<RecordFile>& files,
                                        const RecordFormat& format, Sha256* checksum);

/// All bytes of a regular file, up to a maximum size.
/// \error kNotFound if the file does not exist, kDataLoss if it is too long or cannot be read. The
/// message names the file.
absl::StatusOr<std::string> ReadWhole(const std::string& path, int64_t most_bytes);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_RECORDS_H_
