#ifndef PDARTS_DATASETS_STORED_IMAGES_H_
#define PDARTS_DATASETS_STORED_IMAGES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/datasets/statistics.h"
#include "pdarts/images/store.h"

namespace pdarts {

/// How a dataset uses images of a store. Errors call the settings `dataset.image_size`,
/// `dataset.max_unreadable_share`, ..., as the fields of the datasets' configs are called.
struct StoredImageSettings {
  std::string dataset;  ///< name of the plugin: part of what the random order is drawn for
  int64_t image_size = 0;
  ImageFit fit = ImageFit::kCrop;
  int64_t max_pixels = 0;
  /// A split whose images take no more bytes than this as squares of image_size lies in memory.
  int64_t memory_bytes = 0;
  double max_unreadable_share = 0;
  uint64_t seed = 0;
};

/// The `fit` of a dataset's config.
template <class Config>
ImageFit FitOf(const Config& config) {
  return config.fit() == Config::STRETCH ? ImageFit::kStretch : ImageFit::kCrop;
}

/// The settings that a dataset's config names. dataset: as StoredImageSettings.
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

/// What a dataset's config says before anything is read: the shape of the images and the number of
/// classes. Names are stand-ins, and so are statistics that the config does not name.
/// \error kInvalidArgument if the config names statistics of another number of channels.
template <class Config>
absl::StatusOr<DatasetInfo> AnnounceStoredImages(const Config& config) {
  constexpr int kChannels = 3;
  DatasetInfo info;
  info.image = {kChannels, config.image_size(), config.image_size()};
  info.fit = FitOf(config);
  for (int c = 0; c < config.classes(); ++c) info.class_names.push_back(absl::StrCat("class_", c));
  info.mean.assign(kChannels, 0.5);
  info.deviation.assign(kChannels, 0.25);
  PDARTS_RETURN_IF_ERROR(TakeStatistics(config.mean(), config.deviation(), &info));
  return info;
}

/// One split of a dataset.
struct StoredSplit {
  std::string name;   ///< "train", "test": part of what the random order is drawn for
  std::string where;  ///< what messages call it: a folder
  std::shared_ptr<const images::ImageStore> store;
  std::vector<int64_t> labels;     ///< of each image of the store
  std::vector<std::string> loose;  ///< names of images that have no class: they count as unusable
};

/// Makes a source of a split, in a seeded order in which classes alternate.
///
/// A small split is read now: every image becomes a square of image_size pixels, which stays in
/// memory. Images that can't be used are left out with a warning, up to max_unreadable_share.
///
/// The images of a larger split are read when they are needed, each in its own size. Nothing is
/// decoded now. An image's identity is its Key and its number of bytes, not its content.
/// \error kDataLoss naming some of the images that can't be used if they are too many;
/// kResourceExhausted if a split that belongs in memory does not fit there.
absl::StatusOr<std::shared_ptr<const SampleSource>> OpenStoredSplit(
    const StoredImageSettings& settings, const StoredSplit& split);

/// Images of a larger split that mean and deviation are computed from.
inline constexpr int64_t kImagesForStatistics = 1000;

/// Sets mean and deviation of each channel to those of a split: of all its pixels where it lies in
/// memory, else of its first kImagesForStatistics images as squares. They come from all classes
/// evenly, because the classes alternate in the split.
/// \param source what OpenStoredSplit made; not empty.
/// \error kDataLoss as OpenStoredSplit, of the images that are read.
absl::Status ComputeStoredStatistics(const StoredImageSettings& settings, const StoredSplit& split,
                                     const SampleSource& source, DatasetInfo* info);

/// Opens the splits of a dataset by OpenStoredSplit.
/// \param train may be null where it is needed neither for itself nor for statistics.
/// \param keep_train whether the training split is asked for.
/// \param needs_mean, needs_deviation which of splits->info is computed from the training split.
/// \param splits gets train, test, checksum, and in `info` what is computed.
absl::Status OpenStoredSplits(const StoredImageSettings& settings, const StoredSplit* train,
                              const StoredSplit& test, bool keep_train, bool needs_mean,
                              bool needs_deviation, DatasetSplits* splits);

/// What can be wrong with a training split that was opened.
/// \error kInvalidArgument naming a class of splits.info.class_names that has no image. Warns of a
/// class that has one, because a search cuts the images into two halves.
absl::Status CheckEveryClassHasImages(const StoredSplit& train, const DatasetSplits& splits);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_STORED_IMAGES_H_
