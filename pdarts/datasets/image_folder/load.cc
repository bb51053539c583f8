#include "pdarts/datasets/image_folder/load.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/index_select.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "glog/logging.h"
#include "pdarts/core/memory_limits.h"
#include "pdarts/core/random.h"
#include "pdarts/core/sha256.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/terminal_text.h"
#include "pdarts/core/text.h"
#include "pdarts/datasets/image_folder/layout.h"
#include "pdarts/datasets/ordering.h"
#include "pdarts/datasets/statistics.h"
#include "pdarts/images/square.h"

namespace pdarts::image_folder {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kChannels = 3;

void Note(const std::string& note) { LOG(WARNING) << TerminalSafe(note); }

absl::Status NotFound(absl::string_view what) {
  return absl::NotFoundError(absl::StrCat(
      "image_folder: ", what,
      ". Put the training images into FOLDER/train/CLASS/*.png (or .jpg, .webp), ",
      "those for measuring, if any, into FOLDER/test/CLASS/, or all of them into FOLDER/CLASS/ "
      "and ",
      "set dataset.test_share; name FOLDER by the spec's dataset.folder, --data_dir or ",
      "PDARTS_DATA_DIR"));
}

class Loader {
 public:
  Loader(const ImageFolderConfig& config, std::string folder)
      : config_(config), folder_(std::move(folder)) {}

  /// Finds folder, splits, classes and files. The files of the training split are looked for only
  /// where they are needed. by_test: any classes are taken that the test split has.
  absl::Status Find(bool needs_train, bool by_test) {
    if (folder_.empty()) return NotFound("no folder is named");
    auto layout = FindLayout(folder_);
    if (absl::IsNotFound(layout.status())) return NotFound(layout.status().message());
    if (!layout.ok()) return layout.status();
    layout_ = *std::move(layout);
    for (const std::string& note : layout_.notes) Note(note);
    PDARTS_RETURN_IF_ERROR(FindClasses(by_test && !layout_.test.path.empty()));
    if (needs_train || config_.test_share() > 0) {
      PDARTS_ASSIGN_OR_RETURN(train_, ListSplit(layout_.train, classes_));
    }
    PDARTS_ASSIGN_OR_RETURN(test_, ListSplit(layout_.test, classes_));
    // A network that is measured takes the images that are given to it.
    if (by_test && !layout_.test.path.empty()) return absl::OkStatus();
    return SetTestFilesApart();
  }

  bool has_train() const { return !layout_.train.path.empty(); }
  const std::vector<std::string>& classes() const { return classes_; }

  absl::StatusOr<ImageSplit> LoadTrain() const {
    if (!has_train()) return NoTrain();
    PDARTS_ASSIGN_OR_RETURN(ImageSplit split, LoadSplit("train", layout_.train, train_));
    const at::Tensor counts = split.labels.bincount({}, config_.classes());
    for (int c = 0; c < config_.classes(); ++c) {
      const int64_t count = counts.const_data_ptr<int64_t>()[c];
      if (count == 0) {
        return absl::InvalidArgumentError(
            absl::StrCat((fs::path(layout_.train.path) / classes_[c]).string(),
                         " holds no image that can be used, expected at least 1"));
      }
      if (count == 1) {
        Note(absl::StrCat((fs::path(layout_.train.path) / classes_[c]).string(),
                          " holds 1 image: a search cuts the training images into two halves, and ",
                          "one of them has none of this class"));
      }
    }
    return split;
  }

  absl::StatusOr<ImageSplit> LoadTest() const {
    if (!layout_.test.path.empty()) return LoadSplit("test", layout_.test, test_);
    // Images that were set apart: what else lies in their folder is told with the others.
    return LoadSplit("test", {layout_.train.path, {}, {}}, test_);
  }

 private:
  absl::Status NoTrain() const {
    return NotFound(absl::StrCat("there is no folder ", (fs::path(folder_) / "train").string()));
  }

  absl::Status FindClasses(bool by_test) {
    const SplitFolder& split = has_train() && !by_test ? layout_.train : layout_.test;
    if (split.path.empty()) return NoTrain();
    for (const images::ClassFolders& the_class : split.classes) classes_.push_back(the_class.name);
    if (classes_.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(split.path, " holds no class folders but ", split.loose.size(),
                       " images, expected a folder for each class, with the class's images in it"));
    }
    if (by_test || static_cast<int>(classes_.size()) == config_.classes()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(split.path, " holds ", classes_.size(), " class folders (", SomeOf(classes_),
                     "), the spec's dataset.classes is ", config_.classes(), ": set it to ",
                     classes_.size(), ", or take away what is no class"));
  }

  absl::Status SetTestFilesApart() {
    if (config_.test_share() == 0) return absl::OkStatus();
    if (!layout_.test.path.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "dataset.test_share is ", config_.test_share(), ", but ", layout_.test.path,
          " holds images for measuring already: set it to 0, or move that folder away"));
    }
    test_.files =
        TakeTestFiles(layout_.train.path, config_.test_share(), config_.seed(), &train_.files);
    return absl::OkStatus();
  }

  /// Reads the images of all classes, in the seeded order of the split of this name.
  absl::StatusOr<ImageSplit> LoadSplit(const std::string& name, const SplitFolder& split,
                                       const Listing& listing) const {
    if (!listing.others.empty()) {
      Note(absl::StrCat(split.path, ": left out what is no image: ", SomeOf(listing.others)));
    }
    const auto count = static_cast<int64_t>(listing.files.size());
    const int64_t size = config_.image_size();
    // Once as they are read, once in their order.
    const int64_t bytes = 2 * count * kChannels * size * size;
    const std::optional<MemoryLimit> limit = TightestMemoryLimit();
    if (limit && bytes > limit->available_bytes) {
      return absl::ResourceExhaustedError(absl::StrFormat(
          "%s: %d images of %dx%d pixels take %d MB while they are put in order, %d MB are free "
          "(%s); a smaller dataset.image_size takes less",
          split.path, count, size, size, bytes / 1000000, limit->available_bytes / 1000000,
          limit->name));
    }
    const at::Tensor images = at::empty({count, kChannels, size, size}, at::kByte);
    std::vector<std::string> paths;
    for (const ImageFile& file : listing.files) paths.push_back(file.path);
    const images::Fit fit =
        config_.fit() == ImageFolderConfig::STRETCH ? images::Fit::kStretch : images::Fit::kCrop;
    const std::vector<absl::Status> statuses =
        images::ReadSquares(paths, {size, fit, config_.max_pixels()}, images);
    PDARTS_ASSIGN_OR_RETURN(const at::Tensor usable, Usable(split, statuses));

    const at::Tensor labels = at::empty({usable.size(0)}, at::kLong);
    for (int64_t i = 0; i < labels.size(0); ++i) {
      labels.mutable_data_ptr<int64_t>()[i] =
          listing.files[usable.const_data_ptr<int64_t>()[i]].label;
    }
    const at::Tensor order =
        AlternateClasses(labels, MakeGenerator(static_cast<uint64_t>(config_.seed()),
                                               absl::StrCat("image_folder order ", name)));
    return ImageSplit{images.index_select(0, usable.index_select(0, order)),
                      labels.index_select(0, order)};
  }

  /// Indices `[N]` int64 of the files that could be read. \error kDataLoss naming some of the
  /// images that can't be used if there are more of them than may be.
  absl::StatusOr<at::Tensor> Usable(const SplitFolder& split,
                                    const std::vector<absl::Status>& statuses) const {
    std::vector<int64_t> usable;
    std::vector<std::string> problems;
    for (size_t i = 0; i < statuses.size(); ++i) {
      if (statuses[i].ok()) {
        usable.push_back(static_cast<int64_t>(i));
      } else {
        problems.emplace_back(statuses[i].message());
      }
    }
    for (const std::string& path : split.loose) {
      problems.push_back(absl::StrCat(path, ": lies in no class folder"));
    }
    if (!problems.empty()) {
      for (const std::string& problem : problems) VLOG(1) << TerminalSafe(problem);
      const size_t all = statuses.size() + split.loose.size();
      const std::string message =
          absl::StrFormat("%s: %d of %d images can't be used: %s%s", split.path, problems.size(),
                          all, SomeOf(problems), problems.size() > 5 ? " (--v=1 names all)" : "");
      const double share = static_cast<double>(problems.size()) / static_cast<double>(all);
      if (share > config_.max_unreadable_share()) {
        return absl::DataLossError(absl::StrCat(message, "; dataset.max_unreadable_share allows ",
                                                config_.max_unreadable_share(), " of them"));
      }
      Note(absl::StrCat(message, "; left out"));
    }
    at::Tensor indices = at::empty({static_cast<int64_t>(usable.size())}, at::kLong);
    std::copy(usable.begin(), usable.end(), indices.mutable_data_ptr<int64_t>());
    return indices;
  }

  const ImageFolderConfig& config_;
  const std::string folder_;
  Layout layout_;
  std::vector<std::string> classes_;  ///< sorted
  Listing train_;
  Listing test_;
};

}  // namespace

absl::StatusOr<DatasetInfo> Announce(const ImageFolderConfig& config) {
  DatasetInfo info;
  info.image = {kChannels, config.image_size(), config.image_size()};
  for (int c = 0; c < config.classes(); ++c) info.class_names.push_back(absl::StrCat("class_", c));
  info.mean.assign(kChannels, 0.5);
  info.deviation.assign(kChannels, 0.25);
  PDARTS_RETURN_IF_ERROR(TakeStatistics(config.mean(), config.deviation(), &info));
  return info;
}

absl::StatusOr<DatasetSplits> Load(const ImageFolderConfig& config, const LoadOptions& options) {
  const bool is_known = options.test_only && !options.class_names.empty();
  const bool needs_statistics = !is_known && (config.mean().empty() || config.deviation().empty());
  const bool needs_train = !options.test_only || needs_statistics;
  DatasetSplits splits;
  splits.source = (config.folder().empty() ? fs::path(options.data_dir)
                                           : fs::path(options.data_dir) / config.folder())
                      .string();
  PDARTS_ASSIGN_OR_RETURN(splits.info, Announce(config));
  Loader loader(config, splits.source);
  PDARTS_RETURN_IF_ERROR(loader.Find(needs_train, /*by_test=*/is_known));
  splits.info.class_names = loader.classes();
  if (options.test_only && needs_statistics && !loader.has_train()) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset.mean and dataset.deviation: one of them is not set, and ",
                     splits.source, " holds no training images to compute it from"));
  }
  if (needs_train) {
    PDARTS_ASSIGN_OR_RETURN(splits.train, loader.LoadTrain());
    DatasetInfo computed;
    ComputeStatistics(splits.train.images, &computed);
    if (config.mean().empty()) splits.info.mean = computed.mean;
    if (config.deviation().empty()) splits.info.deviation = computed.deviation;
  }
  PDARTS_ASSIGN_OR_RETURN(splits.test, loader.LoadTest());
  if (splits.test.labels.numel() == 0) {
    LOG(INFO) << TerminalSafe(absl::StrCat(
        splits.source,
        " holds no images for measuring. A search needs none. A training needs a "
        "folder test/, or dataset.test_share, which sets a share of the training images apart"));
  }
  if (options.test_only) splits.train = ImageSplit();
  Sha256 checksum;
  for (const at::Tensor& part :
       {splits.train.images, splits.train.labels, splits.test.images, splits.test.labels}) {
    if (!part.defined()) continue;
    checksum.Update({static_cast<const char*>(part.const_data_ptr()), part.nbytes()});
  }
  splits.checksum = absl::StrCat("sha256:", checksum.Hex());
  return splits;
}

}  // namespace pdarts::image_folder
