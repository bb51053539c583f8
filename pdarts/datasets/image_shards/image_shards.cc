#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/image_shards/image_shards.pb.h"
#include "pdarts/datasets/image_shards/shard_folder.h"
#include "pdarts/datasets/image_shards/shard_index.pb.h"
#include "pdarts/datasets/stored_images.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using image_shards::ImageShardsConfig;
using image_shards::ShardIndex;

absl::Status NotFound(absl::string_view what) {
  return absl::NotFoundError(absl::StrCat(
      "image_shards: ", what, ". Make shards by `pdarts pack --from=FOLDER --to=SHARDS`; name ",
      "SHARDS by the spec's dataset.folder, --data_dir or PDARTS_DATA_DIR"));
}

class ImageShards : public Dataset {
 public:
  ImageShards(ImageShardsConfig config, DatasetInfo info)
      : config_(std::move(config)), info_(std::move(info)) {}

  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    const std::string folder = (fs::path(options.data_dir) / config_.folder()).string();
    if (options.data_dir.empty() && config_.folder().empty()) {
      return NotFound("no folder is named");
    }
    absl::StatusOr<ShardIndex> index = image_shards::ReadIndex(folder);
    if (absl::IsNotFound(index.status())) return NotFound(index.status().message());
    if (!index.ok()) return index.status();
    DatasetSplits splits;
    splits.source = folder;
    splits.info = info_;
    PDARTS_RETURN_IF_ERROR(CheckClasses(folder, *index, &splits.info));

    const bool is_known = options.test_only && !options.class_names.empty();
    const bool needs_mean = !is_known && config_.mean().empty();
    const bool needs_deviation = !is_known && config_.deviation().empty();
    std::optional<StoredSplit> train;
    if (!options.test_only || needs_mean || needs_deviation) {
      train = image_shards::SplitOf(folder, *index, /*is_test=*/false);
    }
    PDARTS_RETURN_IF_ERROR(
        OpenStoredSplits(StoredImageSettingsOf("image_shards", config_), train ? &*train : nullptr,
                         image_shards::SplitOf(folder, *index, /*is_test=*/true),
                         /*keep_train=*/!options.test_only, needs_mean, needs_deviation, &splits));
    if (!options.test_only) PDARTS_RETURN_IF_ERROR(CheckEveryClassHasImages(*train, splits));
    return splits;
  }

  /// Takes the names of the classes from an index, if the index has them.
  absl::Status CheckClasses(const std::string& folder, const ShardIndex& index,
                            DatasetInfo* info) const {
    if (index.class_names_size() > 0) {
      if (index.class_names_size() != config_.classes()) {
        return absl::InvalidArgumentError(absl::StrCat(
            folder, " holds ", index.class_names_size(), " classes, the spec's dataset.classes is ",
            config_.classes(), ": set it to ", index.class_names_size()));
      }
      info->class_names.assign(index.class_names().begin(), index.class_names().end());
      return absl::OkStatus();
    }
    for (const ShardIndex::Shard& shard : index.shards()) {
      for (int i = 0; i < shard.labels_size(); ++i) {
        if (shard.labels(i) < config_.classes()) continue;
        return absl::InvalidArgumentError(
            absl::StrCat((fs::path(folder) / shard.name()).string(), ": sample ", shard.names(i),
                         " has class ", shard.labels(i), ", and the spec's dataset.classes is ",
                         config_.classes(), ": expected a class in [0, ", config_.classes(), ")"));
      }
    }
    return absl::OkStatus();
  }

  const ImageShardsConfig config_;
  const DatasetInfo info_;
};

const bool registered = Registry<Dataset>::Register<ImageShardsConfig>(
    "image_shards", "images in tar archives in WebDataset's convention, made by pdarts pack",
    [](const ImageShardsConfig& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      PDARTS_ASSIGN_OR_RETURN(DatasetInfo info, AnnounceStoredImages(config));
      return std::make_unique<ImageShards>(config, std::move(info));
    });

}  // namespace
}  // namespace pdarts
