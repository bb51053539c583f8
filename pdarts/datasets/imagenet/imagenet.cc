#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/imagenet/imagenet.pb.h"
#include "pdarts/datasets/imagenet/load.h"
#include "pdarts/datasets/numbered_classes.h"
#include "pdarts/datasets/statistics.h"

namespace pdarts {
namespace {

using imagenet::ImageNetConfig;

class ImageNet : public Dataset {
 public:
  ImageNet(ImageNetConfig config, DatasetInfo info)
      : config_(std::move(config)), info_(std::move(info)) {}

  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    return imagenet::Load(config_, info_, options);
  }

  const ImageNetConfig config_;
  const DatasetInfo info_;
};

const bool registered = Registry<Dataset>::Register<ImageNetConfig>(
    "imagenet", "ImageNet (ILSVRC2012): 1,281,167 + 50,000 images of 1000 classes, as unpacked",
    [](const ImageNetConfig& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      DatasetInfo info;
      info.image = {3, config.image_size(), config.image_size()};
      info.class_names = NumberedClasses(config.classes());
      info.mean = {0.485, 0.456, 0.406};
      info.deviation = {0.229, 0.224, 0.225};
      PDARTS_RETURN_IF_ERROR(TakeStatistics(config.mean(), config.deviation(), &info));
      return std::make_unique<ImageNet>(config, std::move(info));
    });

}  // namespace
}  // namespace pdarts
