#ifndef PDARTS_DATASETS_CIFAR_LOAD_H_
#define PDARTS_DATASETS_CIFAR_LOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/datasets/cifar/records.h"

namespace pdarts::cifar {

/// One of the published files, with its names in the binary and in the Python version.
struct Batch {
  std::string binary_name;
  std::string python_name;
  int64_t records;
};

/// A published dataset: its names, its files, and the content of a record.
struct Published {
  std::string name;            ///< "cifar10"
  std::string title;           ///< "CIFAR-10"
  std::string binary_folder;   ///< "cifar-10-batches-bin"
  std::string python_folder;   ///< "cifar-10-batches-py"
  std::string binary_archive;  ///< "cifar-10-binary.tar.gz"
  std::string python_archive;  ///< "cifar-10-python.tar.gz"
  std::vector<Batch> train;
  std::vector<Batch> test;
  RecordFormat format;
};

Published Cifar10();
Published Cifar100(bool coarse);

/// Reads both splits, or only the test split, which needs no file of the training split. `data_dir`
/// holds the folder of the binary version, the folder of the Python version, or the archive of one
/// of them. They are looked for in this order. Images are resized to the size of `info`. The
/// checksum is always the checksum of the bytes of the binary version. \error as Dataset::Load.
absl::StatusOr<DatasetSplits> Load(const Published& published, const DatasetInfo& info,
                                   const std::string& data_dir, bool test_only);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_LOAD_H_
