#ifndef PDARTS_CORE_DATASET_H_
#define PDARTS_CORE_DATASET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "pdarts/core/plugin.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// Labelled images.
struct ImageSplit {
  at::Tensor images;  ///< `[N,C,H,W]` uint8, contiguous, on the CPU
  at::Tensor labels;  ///< `[N]` int64, each in [0, classes)
};

/// What a dataset is.
struct DatasetInfo {
  ImageShape image;
  std::vector<std::string> class_names;  ///< in label order
  /// Of each channel, of values in [0, 1]: images are normalised to (x / 255 - mean) / deviation.
  std::vector<double> mean;
  std::vector<double> deviation;
  /// How many images the splits hold; 0 where only reading tells.
  int64_t train_images = 0;
  int64_t test_images = 0;
};

struct DatasetSplits {
  ImageSplit train;
  ImageSplit test;       ///< for measuring; no images where a dataset has none for it
  DatasetInfo info;      ///< as Dataset::info(), with what only reading tells
  std::string source;    ///< where it was read from: a folder, or what made it
  std::string checksum;  ///< "sha256:..." over all bytes of both splits
};

struct LoadOptions {
  /// Folder that holds datasets, from --data_dir or PDARTS_DATA_DIR; empty: the config's own field.
  std::string data_dir;
};

class Dataset : public Plugin {
 public:
  static constexpr char kKind[] = "dataset";

  /// What is known without reading: the shape of the images and the number of classes are what
  /// Load finds; names and statistics may be stand-ins for what it tells in DatasetSplits::info.
  virtual const DatasetInfo& info() const = 0;
  int num_classes() const { return static_cast<int>(info().class_names.size()); }

  /// Reads both splits. The training split comes in the order in which a search cuts it into
  /// halves: published CIFAR in file order, anything sorted by class in a seeded order in which
  /// classes alternate (ALGORITHM 2).
  /// \error kNotFound saying where it looked and how to get the data; kInvalidArgument or kDataLoss
  /// naming file and record when the data is damaged or doesn't fit info().
  absl::StatusOr<DatasetSplits> Load(const LoadOptions& options) const;

 private:
  virtual absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const = 0;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_DATASET_H_
