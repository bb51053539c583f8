#ifndef PDARTS_DATASETS_CIFAR_RECORDS_H_
#define PDARTS_DATASETS_CIFAR_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/sha256.h"

namespace pdarts::cifar {

/// The published binary layout (https://www.cs.toronto.edu/~kriz/cifar.html): records of one or two
/// label bytes and a 3x32x32 image.
struct RecordFormat {
  /// How many values each label byte may take: {10}, or {20, 100} for coarse and fine.
  std::vector<int> label_limits;
  /// Which label byte is the label.
  size_t label = 0;
};

/// Reads whole files of `records_per_file` records each into one split, and adds their bytes to
/// `checksum`.
/// \error kNotFound if a file can't be read; kDataLoss naming the file, and its length or the
/// record and label that are wrong.
absl::StatusOr<ImageSplit> ReadRecords(const std::vector<std::string>& files,
                                       const RecordFormat& format, int64_t records_per_file,
                                       Sha256* checksum);

/// CIFAR-10's class names in label order, image shape and statistics (ALGORITHM 2).
DatasetInfo Cifar10Info();

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_RECORDS_H_
