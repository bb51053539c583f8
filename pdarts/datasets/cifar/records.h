#ifndef PDARTS_DATASETS_CIFAR_RECORDS_H_
#define PDARTS_DATASETS_CIFAR_RECORDS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "pdarts/core/sha256.h"

namespace pdarts::cifar {

/// Bytes of a record's 3x32x32 image, behind its label bytes.
inline constexpr int64_t kImageBytes = int64_t{3} * 32 * 32;

/// One label byte of a record.
struct LabelByte {
  std::string name;        ///< for messages: "coarse label"
  int limit;               ///< valid values are in [0, limit)
  std::string python_key;  ///< the entry that holds it in the Python version
};

struct RecordFormat {
  std::vector<LabelByte> labels;  ///< in the order in which they stand in a record
  int used_label = 0;             ///< index of the one that becomes Records::labels
};

/// What files of records hold.
struct Records {
  at::Tensor images;  ///< `[N,3,32,32]` uint8, contiguous
  at::Tensor labels;  ///< `[N]` int64
};

struct RecordFile {
  std::string path;
  int64_t records;  ///< how many it must hold
};

/// Reads files of CIFAR's binary layout, one behind the other: each record is its label bytes and
/// then an image (red plane, green plane, blue plane, rows from the top).
/// \param checksum takes all bytes of all files, in order; may be nullptr.
/// \error kNotFound if a file doesn't exist, kDataLoss if it can't be read, has another length
/// than its records or a label out of its limit; all name the file, and the
/// record (from 0) where there is one.
absl::StatusOr<Records> ReadRecords(const std::vector<RecordFile>& files,
                                    const RecordFormat& format, Sha256* checksum);

/// Gives all bytes of a file of records, in the binary layout. Its errors name the file.
using RecordReader = std::function<absl::StatusOr<std::string>(const RecordFile& file)>;

/// The same of files whose bytes `read` gives. \error those of `read`, and as ReadRecords.
absl::StatusOr<Records> ReadRecordsFrom(const RecordReader& read,
                                        const std::vector<RecordFile>& files,
                                        const RecordFormat& format, Sha256* checksum);

/// All bytes of a regular file of at most so many bytes.
/// \error kNotFound if it doesn't exist, kDataLoss if it is longer or can't be read; both name it.
absl::StatusOr<std::string> ReadWhole(const std::string& path, int64_t most_bytes);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_RECORDS_H_
