#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/datasets/cifar/cifar.pb.h"
#include "pdarts/datasets/cifar/records.h"

namespace pdarts {
namespace {

using cifar::Cifar100Config;
using cifar::Cifar10Config;

const char* const kFineNames[] = {
    "apple",       "aquarium_fish", "baby",      "bear",       "beaver",       "bed",
    "bee",         "beetle",        "bicycle",   "bottle",     "bowl",         "boy",
    "bridge",      "bus",           "butterfly", "camel",      "can",          "castle",
    "caterpillar", "cattle",        "chair",     "chimpanzee", "clock",        "cloud",
    "cockroach",   "couch",         "crab",      "crocodile",  "cup",          "dinosaur",
    "dolphin",     "elephant",      "flatfish",  "forest",     "fox",          "girl",
    "hamster",     "house",         "kangaroo",  "keyboard",   "lamp",         "lawn_mower",
    "leopard",     "lion",          "lizard",    "lobster",    "man",          "maple_tree",
    "motorcycle",  "mountain",      "mouse",     "mushroom",   "oak_tree",     "orange",
    "orchid",      "otter",         "palm_tree", "pear",       "pickup_truck", "pine_tree",
    "plain",       "plate",         "poppy",     "porcupine",  "possum",       "rabbit",
    "raccoon",     "ray",           "road",      "rocket",     "rose",         "sea",
    "seal",        "shark",         "shrew",     "skunk",      "skyscraper",   "snail",
    "snake",       "spider",        "squirrel",  "streetcar",  "sunflower",    "sweet_pepper",
    "table",       "tank",          "telephone", "television", "tiger",        "tractor",
    "train",       "trout",         "tulip",     "turtle",     "wardrobe",     "whale",
    "willow_tree", "wolf",          "woman",     "worm",
};
const char* const kCoarseNames[] = {
    "aquatic_mammals",
    "fish",
    "flowers",
    "food_containers",
    "fruit_and_vegetables",
    "household_electrical_devices",
    "household_furniture",
    "insects",
    "large_carnivores",
    "large_man-made_outdoor_things",
    "large_natural_outdoor_scenes",
    "large_omnivores_and_herbivores",
    "medium_mammals",
    "non-insect_invertebrates",
    "people",
    "reptiles",
    "small_mammals",
    "trees",
    "vehicles_1",
    "vehicles_2",
};

/// The published archive of either dataset.
class Cifar : public Dataset {
 public:
  const DatasetInfo& info() const override { return info_; }

 protected:
  struct Layout {
    std::string name;    ///< "CIFAR-10"
    std::string folder;  ///< "cifar-10-batches-bin"
    std::vector<std::string> train_files;
    std::vector<std::string> test_files;
    int64_t train_records_per_file = 0;
    cifar::RecordFormat format;
  };
  Cifar(Layout layout, DatasetInfo info, std::string data_dir)
      : layout_(std::move(layout)), info_(std::move(info)), data_dir_(std::move(data_dir)) {}

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    const std::string data_dir = options.data_dir.empty() ? data_dir_ : options.data_dir;
    const std::filesystem::path folder = std::filesystem::path(data_dir) / layout_.folder;
    std::error_code error;
    if (data_dir.empty() || !std::filesystem::is_directory(folder, error)) {
      return absl::NotFoundError(absl::StrCat(
          layout_.name, " is not there: ",
          data_dir.empty() ? std::string("no data folder is given")
                           : absl::StrCat("there is no folder ", folder.string()),
          ". Name the folder that holds ", layout_.folder,
          "/ by --data_dir, PDARTS_DATA_DIR or --set=dataset.data_dir; the binary version is at "
          "https://www.cs.toronto.edu/~kriz/cifar.html"));
    }
    const auto below = [&](const std::vector<std::string>& names) {
      std::vector<std::string> paths;
      for (const std::string& name : names) paths.push_back((folder / name).string());
      return paths;
    };
    Sha256 checksum;
    DatasetSplits splits;
    PDARTS_ASSIGN_OR_RETURN(splits.train,
                            cifar::ReadRecords(below(layout_.train_files), layout_.format,
                                               layout_.train_records_per_file, &checksum));
    PDARTS_ASSIGN_OR_RETURN(splits.test, cifar::ReadRecords(below(layout_.test_files),
                                                            layout_.format, 10000, &checksum));
    splits.source = folder.string();
    splits.checksum = absl::StrCat("sha256:", checksum.HexDigest());
    return splits;
  }

  const Layout layout_;
  const DatasetInfo info_;
  const std::string data_dir_;
};

class Cifar10 : public Cifar {
 public:
  explicit Cifar10(const Cifar10Config& config)
      : Cifar({"CIFAR-10",
               "cifar-10-batches-bin",
               {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                "data_batch_5.bin"},
               {"test_batch.bin"},
               10000,
               {{10}, 0}},
              cifar::Cifar10Info(), config.data_dir()) {}
};

DatasetInfo Cifar100Info(bool coarse) {
  DatasetInfo info;
  if (coarse) {
    info.class_names.assign(std::begin(kCoarseNames), std::end(kCoarseNames));
  } else {
    info.class_names.assign(std::begin(kFineNames), std::end(kFineNames));
  }
  info.mean = {0.5071, 0.4867, 0.4408};
  info.deviation = {0.2675, 0.2565, 0.2761};
  return info;
}

class Cifar100 : public Cifar {
 public:
  explicit Cifar100(const Cifar100Config& config)
      : Cifar({"CIFAR-100",
               "cifar-100-binary",
               {"train.bin"},
               {"test.bin"},
               50000,
               {{20, 100}, config.labels() == Cifar100Config::COARSE ? size_t{0} : size_t{1}}},
              Cifar100Info(config.labels() == Cifar100Config::COARSE), config.data_dir()) {}
};

const bool registered_10 = Registry<Dataset>::Register<Cifar10Config>(
    "cifar10", "CIFAR-10, published binary version",
    [](const Cifar10Config& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      return std::make_unique<Cifar10>(config);
    });

const bool registered_100 = Registry<Dataset>::Register<Cifar100Config>(
    "cifar100", "CIFAR-100, published binary version, fine or coarse labels",
    [](const Cifar100Config& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      return std::make_unique<Cifar100>(config);
    });

}  // namespace
}  // namespace pdarts
