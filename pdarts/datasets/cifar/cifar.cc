#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/sha256.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/datasets/cifar/cifar.pb.h"
#include "pdarts/datasets/cifar/labels.h"
#include "pdarts/datasets/cifar/records.h"
#include "pdarts/datasets/statistics.h"

namespace pdarts {
namespace {

/// One published data set: its folder, the files in it, what a record holds.
struct Layout {
  std::string name;
  std::string title;
  std::string folder;
  std::vector<std::pair<std::string, int64_t>> train;  // file name, records
  std::vector<std::pair<std::string, int64_t>> test;
  cifar::RecordFormat format;
};

class Cifar : public Dataset {
 public:
  Cifar(DatasetInfo info, Layout layout, std::string data_dir)
      : info_(std::move(info)), layout_(std::move(layout)), data_dir_(std::move(data_dir)) {
    for (const auto& [file, records] : layout_.train) info_.train_images += records;
    for (const auto& [file, records] : layout_.test) info_.test_images += records;
  }

  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    const std::string& data_dir = options.data_dir.empty() ? data_dir_ : options.data_dir;
    if (data_dir.empty()) return NotFound("no data folder is named");
    const std::filesystem::path folder = std::filesystem::path(data_dir) / layout_.folder;
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
      return NotFound(absl::StrCat("there is no folder ", folder.string()));
    }
    Sha256 checksum;
    DatasetSplits splits;
    PDARTS_ASSIGN_OR_RETURN(splits.train, Read(folder, layout_.train, &checksum));
    PDARTS_ASSIGN_OR_RETURN(splits.test, Read(folder, layout_.test, &checksum));
    splits.source = folder.string();
    splits.checksum = absl::StrCat("sha256:", checksum.Hex());
    return splits;
  }

  absl::StatusOr<ImageSplit> Read(const std::filesystem::path& folder,
                                  const std::vector<std::pair<std::string, int64_t>>& names,
                                  Sha256* checksum) const {
    std::vector<cifar::RecordFile> files;
    for (const auto& [name, records] : names) files.push_back({(folder / name).string(), records});
    absl::StatusOr<ImageSplit> split = cifar::ReadRecords(files, layout_.format, checksum);
    if (absl::IsNotFound(split.status())) return NotFound(std::string(split.status().message()));
    return split;
  }

  absl::Status NotFound(const std::string& what) const {
    return absl::NotFoundError(absl::StrCat(
        layout_.title, ": ", what, ". Name the folder that holds ", layout_.folder,
        "/ by --data_dir, PDARTS_DATA_DIR or the spec's dataset.data_dir. `pdarts fetch ",
        layout_.name, " --data_dir=DIR` gets the data; or unpack the binary version from ",
        "https://www.cs.toronto.edu/~kriz/cifar.html there"));
  }

  DatasetInfo info_;
  const Layout layout_;
  const std::string data_dir_;
};

const bool registered_10 = Registry<Dataset>::Register<cifar::Cifar10Config>(
    "cifar10", "CIFAR-10: 50,000 + 10,000 images of 10 classes, published binary files",
    [](const cifar::Cifar10Config& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      DatasetInfo info = cifar::Cifar10Info();
      PDARTS_RETURN_IF_ERROR(TakeStatistics(config.mean(), config.deviation(), &info));
      Layout layout;
      layout.name = "cifar10";
      layout.title = "CIFAR-10";
      layout.folder = "cifar-10-batches-bin";
      for (int i = 1; i <= 5; ++i) {
        layout.train.emplace_back(absl::StrCat("data_batch_", i, ".bin"), 10000);
      }
      layout.test = {{"test_batch.bin", 10000}};
      layout.format = {{{"label", 10}}, 0};
      return std::make_unique<Cifar>(std::move(info), std::move(layout), config.data_dir());
    });

const bool registered_100 = Registry<Dataset>::Register<cifar::Cifar100Config>(
    "cifar100", "CIFAR-100: 50,000 + 10,000 images of 100 (or 20 coarse) classes, published files",
    [](const cifar::Cifar100Config& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      const bool coarse = config.labels() == cifar::Cifar100Config::COARSE;
      DatasetInfo info = cifar::Cifar100Info(coarse);
      PDARTS_RETURN_IF_ERROR(TakeStatistics(config.mean(), config.deviation(), &info));
      Layout layout;
      layout.name = "cifar100";
      layout.title = "CIFAR-100";
      layout.folder = "cifar-100-binary";
      layout.train = {{"train.bin", 50000}};
      layout.test = {{"test.bin", 10000}};
      layout.format = {{{"coarse label", 20}, {"fine label", 100}}, coarse ? 0 : 1};
      return std::make_unique<Cifar>(std::move(info), std::move(layout), config.data_dir());
    });

}  // namespace
}  // namespace pdarts
