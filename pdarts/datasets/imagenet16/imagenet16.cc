#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/empty.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/cifar/python_batch.h"
#include "pdarts/datasets/cifar/records.h"
#include "pdarts/datasets/imagenet16/imagenet16.pb.h"
#include "pdarts/datasets/numbered_classes.h"
#include "pdarts/datasets/statistics.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using imagenet16::ImageNet16Config;

constexpr int64_t kSide = 16;
constexpr int64_t kImageBytes = 3 * kSide * kSide;
constexpr int64_t kAllClasses = 1000;
constexpr int kTrainFiles = 10;
/// The maximum number of images in a file. The published files hold between 50,000 and 128,117
/// images.
constexpr int64_t kMostImages = 200000;
constexpr int64_t kMostBytes = 2 * kMostImages * kImageBytes;

struct Images {
  at::Tensor pixels;  ///< `[N,3,16,16]` uint8
  at::Tensor labels;  ///< `[N]` int64
};

/// The images of the first `classes` classes in a file. The labels in the file begin with 1.
absl::StatusOr<Images> Parse(absl::string_view pickle, int classes) {
  cifar::PythonLayout layout;
  layout.image_bytes = kImageBytes;
  layout.label_keys = {"labels"};
  layout.most_images = kMostImages;
  PDARTS_ASSIGN_OR_RETURN(const cifar::PythonImages batch, cifar::ReadPythonImages(pickle, layout));
  const std::vector<int64_t>& labels = batch.labels[0];
  int64_t used = 0;
  for (int64_t i = 0; i < batch.count; ++i) {
    if (labels[i] < 1 || labels[i] > kAllClasses) {
      return absl::DataLossError(
          absl::StrCat("record ", i, ": label ", labels[i], " is not in [1, ", kAllClasses, "]"));
    }
    if (labels[i] <= classes) ++used;
  }
  Images images = {at::empty({used, 3, kSide, kSide}, at::kByte), at::empty({used}, at::kLong)};
  auto* pixels = images.pixels.mutable_data_ptr<uint8_t>();
  auto* label = images.labels.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < batch.count; ++i) {
    if (labels[i] > classes) continue;
    *label++ = labels[i] - 1;
    std::memcpy(pixels, batch.pixels.data() + i * kImageBytes, kImageBytes);
    pixels += kImageBytes;
  }
  return images;
}

class ImageNet16 : public Dataset {
 public:
  ImageNet16(ImageNet16Config config, DatasetInfo info)
      : config_(std::move(config)), info_(std::move(info)) {}

  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    const fs::path folder = fs::path(options.data_dir) / config_.folder();
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
      return absl::NotFoundError(absl::StrCat(
          "imagenet16: there is no folder ", folder.string(),
          ". Put train_data_batch_1 to train_data_batch_", kTrainFiles, " and val_data into it; ",
          "name it by the spec's dataset.folder, --data_dir or PDARTS_DATA_DIR"));
    }
    std::vector<std::string> train;
    for (int i = 1; i <= kTrainFiles; ++i) train.push_back(absl::StrCat("train_data_batch_", i));
    DatasetSplits splits;
    splits.source = folder.string();
    Sha256 checksum;
    if (!options.test_only) {
      PDARTS_ASSIGN_OR_RETURN(splits.train, Read(folder, train));
      splits.train->AddTo(&checksum);
    }
    PDARTS_ASSIGN_OR_RETURN(splits.test, Read(folder, {"val_data"}));
    splits.test->AddTo(&checksum);
    splits.checksum = absl::StrCat("sha256:", checksum.Hex());
    return splits;
  }

  /// The images of several files, one file after the other.
  absl::StatusOr<std::shared_ptr<const SampleSource>> Read(
      const fs::path& folder, const std::vector<std::string>& names) const {
    std::vector<at::Tensor> pixels, labels;
    for (const std::string& name : names) {
      const std::string path = (folder / name).string();
      PDARTS_ASSIGN_OR_RETURN(const std::string pickle, cifar::ReadWhole(path, kMostBytes));
      absl::StatusOr<Images> images = Parse(pickle, config_.classes());
      if (!images.ok()) return Annotate(images.status(), path);
      pixels.push_back(std::move(images->pixels));
      labels.push_back(std::move(images->labels));
    }
    return MakeMemorySource(at::cat(pixels), at::cat(labels), folder.string());
  }

  const ImageNet16Config config_;
  const DatasetInfo info_;
};

const bool registered = Registry<Dataset>::Register<ImageNet16Config>(
    "imagenet16",
    "ImageNet of 16x16 pixels, its first 120 classes (ImageNet16-120), published files",
    [](const ImageNet16Config& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      DatasetInfo info;
      info.image = {3, kSide, kSide};
      info.class_names = NumberedClasses(config.classes(), /*first=*/1);
      // (122.68, 116.66, 104.01) / 255 and (63.22, 61.26, 65.09) / 255
      info.mean = {0.48109804, 0.45749020, 0.40788235};
      info.deviation = {0.24792157, 0.24023529, 0.25525490};
      PDARTS_RETURN_IF_ERROR(TakeStatistics(config.mean(), config.deviation(), &info));
      return std::make_unique<ImageNet16>(config, std::move(info));
    });

}  // namespace
}  // namespace pdarts
