#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/cifar/cifar.pb.h"
#include "pdarts/datasets/cifar/labels.h"
#include "pdarts/datasets/cifar/load.h"
#include "pdarts/datasets/statistics.h"

namespace pdarts {
namespace {

class Cifar : public Dataset {
 public:
  Cifar(DatasetInfo info, cifar::Published published, std::string data_dir)
      : info_(std::move(info)), published_(std::move(published)), data_dir_(std::move(data_dir)) {
    for (const cifar::Batch& batch : published_.train) info_.train_images += batch.records;
    for (const cifar::Batch& batch : published_.test) info_.test_images += batch.records;
  }

  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    return cifar::Load(published_, info_, options.data_dir.empty() ? data_dir_ : options.data_dir,
                       options.test_only);
  }

  DatasetInfo info_;
  const cifar::Published published_;
  const std::string data_dir_;
};

const bool registered_10 = Registry<Dataset>::Register<cifar::Cifar10Config>(
    "cifar10", "CIFAR-10: 50,000 + 10,000 images of 10 classes, published files",
    [](const cifar::Cifar10Config& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      DatasetInfo info = cifar::Cifar10Info();
      info.image.height = info.image.width = config.image_size();
      PDARTS_RETURN_IF_ERROR(TakeStatistics(config.mean(), config.deviation(), &info));
      return std::make_unique<Cifar>(std::move(info), cifar::Cifar10(), config.data_dir());
    });

const bool registered_100 = Registry<Dataset>::Register<cifar::Cifar100Config>(
    "cifar100", "CIFAR-100: 50,000 + 10,000 images of 100 (or 20 coarse) classes, published files",
    [](const cifar::Cifar100Config& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      const bool coarse = config.labels() == cifar::Cifar100Config::COARSE;
      DatasetInfo info = cifar::Cifar100Info(coarse);
      info.image.height = info.image.width = config.image_size();
      PDARTS_RETURN_IF_ERROR(TakeStatistics(config.mean(), config.deviation(), &info));
      return std::make_unique<Cifar>(std::move(info), cifar::Cifar100(coarse), config.data_dir());
    });

}  // namespace
}  // namespace pdarts
