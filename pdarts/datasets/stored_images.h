#ifndef PDARTS_DATASETS_STORED_IMAGES_H_
#define PDARTS_DATASETS_STORED_IMAGES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/dataset.h"
#include "pdarts/datasets/numbered_classes.h"
#include "pdarts/datasets/statistics.h"
#include "pdarts/images/store.h"

namespace pdarts {

/// How a dataset uses the images of an image store. Error messages use the names of the fields in
/// the configs: `dataset.image_size`, `dataset.max_unreadable_share`, and so on.
struct StoredImageSettings {
  std::string dataset;  ///< name of the plugin; the random order depends on it
  int64_t image_size = 0;
  ImageFit fit = ImageFit::kCrop;
  int64_t max_pixels = 0;
  /// The maximum size of a split that stays in memory, as squares of image_size.
  int64_t memory_bytes = 0;
  double max_unreadable_share = 0;
  uint64_t seed = 0;
};

/// The `fit` of the config of a dataset.
template <class Config>
ImageFit FitOf(const Config& config) {
  return config.fit() == Config::STRETCH ? ImageFit::kStretch : ImageFit::kCrop;
}

/// The settings of the config of a dataset. `dataset` has the meaning of
/// StoredImageSettings::dataset.
template <class Config>
StoredImageSettings StoredImageSettingsOf(const std::string& dataset, const Config& config) {
  StoredImageSettings settings;
  settings.dataset = dataset;
  settings.image_size = config.image_size();
  settings.fit = FitOf(config);
  settings.max_pixels = config.max_pixels();
  settings.memory_bytes = int64_t{config.memory_megabytes()} * 1000000;
  settings.max_unreadable_share = config.max_unreadable_share();
  settings.seed = static_cast<uint64_t>(config.seed());
  return settings;
}

/// The shape of the images and the number of classes, which the config of a dataset tells before
/// anything is read. The names of the classes are placeholders. So are statistics that the config
/// lacks.
/// \error kInvalidArgument if the config has statistics for another number of channels.
template <class Config>
absl::StatusOr<DatasetInfo> AnnounceStoredImages(const Config& config) {
  constexpr int kChannels = 3;
  DatasetInfo info;
  info.image = {kChannels, config.image_size(), config.image_size()};
  info.fit = FitOf(config);
  info.class_names = NumberedClasses(config.classes());
  info.mean.assign(kChannels, 0.5);
  info.deviation.assign(kChannels, 0.25);
  PDARTS_RETURN_IF_ERROR(TakeStatistics(config.mean(), config.deviation(), &info));
  return info;
}

/// One split of a dataset.
struct StoredSplit {
  std::string name;   ///< "train" or "test"; the random order depends on it
  std::string where;  ///< the name of the split in messages: a folder
  std::shared_ptr<const images::ImageStore> store;
  std::vector<int64_t> labels;     ///< the label of each image in the store
  std::vector<std::string> loose;  ///< names of images without a class, which count as unusable
};

/// Makes a source of a split. Its order is random, depends on the seed, and lets classes alternate.
///
/// A small split is read immediately: every image becomes a square of image_size pixels, and stays
/// in memory. Unusable images are left out with a warning, up to max_unreadable_share.
///
/// The images of a larger split are read when they are needed, each in its own size. They are not
/// decoded by this function. Such an image is identified by its Key and its number of bytes, not by
/// its content.
/// \error kDataLoss naming some of the unusable images if there are too many; kResourceExhausted if
/// a small split does not fit into the memory.
absl::StatusOr<std::shared_ptr<const SampleSource>> OpenStoredSplit(
    const StoredImageSettings& settings, const StoredSplit& split);

/// The number of images of a larger split from which mean and standard deviation are computed.
inline constexpr int64_t kImagesForStatistics = 1000;

/// Sets the mean and the standard deviation of each channel to those of a split: of all its pixels
/// if it is in memory, otherwise of its first kImagesForStatistics images as squares. The images
/// come evenly from all classes, because the classes alternate in the split.
/// \param source the result of OpenStoredSplit; not empty.
/// \error kDataLoss as OpenStoredSplit, for the images that are read.
absl::Status ComputeStoredStatistics(const StoredImageSettings& settings, const StoredSplit& split,
                                     const SampleSource& source, DatasetInfo* info);

/// Opens the splits of a dataset with OpenStoredSplit.
/// \param train may be null if neither the split nor its statistics are needed.
/// \param keep_train whether the training split is requested.
/// \param needs_mean, needs_deviation which statistics of splits->info are computed from the
/// training split.
/// \param splits the function sets train, test, checksum, and the computed statistics in `info`.
absl::Status OpenStoredSplits(const StoredImageSettings& settings, const StoredSplit* train,
                              const StoredSplit& test, bool keep_train, bool needs_mean,
                              bool needs_deviation, DatasetSplits* splits);

/// Checks an opened training split.
/// \error kInvalidArgument naming a class of splits.info.class_names that has no images. Warns if a
/// class has only one image, because a search divides the images into two halves.
absl::Status CheckEveryClassHasImages(const StoredSplit& train, const DatasetSplits& splits);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_STORED_IMAGES_H_
