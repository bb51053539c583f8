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
  std::string checksum;  ///< "sha256:..." over all bytes of the splits that were read
};

/// Numbers the labels of both splits by `class_names`, an order that a model knows, instead of
/// `splits->info.class_names`, and puts the former into the latter.
/// \error kInvalidArgument naming the classes that only one of the two has. Classes that only
/// `class_names` has are none where the training split has no images: a test split may lack some.
absl::Status TakeClasses(const std::vector<std::string>& class_names, DatasetSplits* splits);

struct LoadOptions {
  /// Folder that holds datasets, from --data_dir or PDARTS_DATA_DIR; empty: the config's own field.
  std::string data_dir;
  /// Only the test split is read; the training split has no images, and need not exist.
  bool test_only = false;
  /// The classes that a model knows, in the order of its labels; empty: the dataset's own. Labels
  /// are numbered in this order.
  std::vector<std::string> class_names;
};

class Dataset : public Plugin {
 public:
  static constexpr char kKind[] = "dataset";

  /// What is known without reading: the shape of the images and the number of classes are what
  /// Load finds; names and statistics may be stand-ins for what it tells in DatasetSplits::info.
  virtual const DatasetInfo& info() const = 0;
  int num_classes() const { return static_cast<int>(info().class_names.size()); }

  /// Reads both splits, or the test split alone. The training split comes in the order in which a
  /// search cuts it into halves: published CIFAR in file order, anything sorted by class in a
  /// seeded order in which classes alternate (ALGORITHM 2). \error kNotFound saying where it looked
  /// and how to get the data; kInvalidArgument or kDataLoss naming file and record when the data is
  /// damaged or doesn't fit info(); as TakeClasses.
  absl::StatusOr<DatasetSplits> Load(const LoadOptions& options) const;

 private:
  /// With LoadOptions::test_only, `train` may stay as it is, and the classes that were found may be
  /// fewer than info() announces where LoadOptions::class_names are given. Load numbers the labels
  /// by these names.
  virtual absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const = 0;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_DATASET_H_
