#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/image_folder/image_folder.pb.h"
#include "pdarts/datasets/image_folder/load.h"
#include "pdarts/datasets/stored_images.h"

namespace pdarts {
namespace {

using image_folder::ImageFolderConfig;

class ImageFolder : public Dataset {
 public:
  ImageFolder(ImageFolderConfig config, DatasetInfo info)
      : config_(std::move(config)), info_(std::move(info)) {}

  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    return image_folder::Load(config_, info_, options);
  }

  const ImageFolderConfig config_;
  const DatasetInfo info_;
};

const bool registered = Registry<Dataset>::Register<ImageFolderConfig>(
    "image_folder", "your own PNG, JPEG and WebP files, in a folder for each class",
    [](const ImageFolderConfig& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      PDARTS_ASSIGN_OR_RETURN(DatasetInfo info, AnnounceStoredImages(config));
      return std::make_unique<ImageFolder>(config, std::move(info));
    });

}  // namespace
}  // namespace pdarts
