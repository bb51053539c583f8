#include "pdarts/datasets/image_folder/load.h"

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/base/text.h"
#include "pdarts/datasets/image_folder/layout.h"
#include "pdarts/datasets/stored_images.h"
#include "pdarts/images/store.h"

namespace pdarts::image_folder {
namespace {

namespace fs = std::filesystem;

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

  /// Finds the folder, the splits, the classes and the files. Finds the files of the training split
  /// only if they are needed. `by_test` accepts any classes of the test split.
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
    // An evaluation uses all given test images, and ignores `test_share`.
    if (by_test && !layout_.test.path.empty()) return absl::OkStatus();
    return SetTestFilesApart();
  }

  bool has_train() const { return !layout_.train.path.empty(); }
  const std::vector<std::string>& classes() const { return classes_; }

  absl::StatusOr<StoredSplit> Train() const {
    if (!has_train()) return NoTrain();
    return SplitOf("train", layout_.train, train_);
  }
  StoredSplit Test() const {
    if (!layout_.test.path.empty()) return SplitOf("test", layout_.test, test_);
    // The test images were set apart from the training images. Other files in their folder are
    // reported with the training split.
    return SplitOf("test", {layout_.train.path, {}, {}}, test_);
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
                     classes_.size(), ", or take away the folders that are not classes"));
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

  /// The split with this name: its images, and notes about other files in its folder.
  static StoredSplit SplitOf(const std::string& name, const SplitFolder& folder,
                             const Listing& listing) {
    if (!listing.others.empty()) {
      Note(absl::StrCat(folder.path,
                        ": left out files that are not images: ", SomeOf(listing.others)));
    }
    StoredSplit split = {name, folder.path, nullptr, {}, folder.loose};
    std::vector<std::string> paths;
    for (const ImageFile& file : listing.files) {
      paths.push_back(file.path);
      split.labels.push_back(file.label);
    }
    split.store = images::MakeFileStore(folder.path, paths);
    return split;
  }

  const ImageFolderConfig& config_;
  const std::string folder_;
  Layout layout_;
  std::vector<std::string> classes_;  ///< sorted
  Listing train_;
  Listing test_;
};

}  // namespace

absl::StatusOr<DatasetSplits> Load(const ImageFolderConfig& config, const DatasetInfo& info,
                                   const LoadOptions& options) {
  const bool is_known = options.test_only && !options.class_names.empty();
  const bool needs_statistics = !is_known && (config.mean().empty() || config.deviation().empty());
  const bool needs_train = !options.test_only || needs_statistics;
  DatasetSplits splits;
  splits.source = (config.folder().empty() ? fs::path(options.data_dir)
                                           : fs::path(options.data_dir) / config.folder())
                      .string();
  splits.info = info;
  Loader loader(config, splits.source);
  PDARTS_RETURN_IF_ERROR(loader.Find(needs_train, /*by_test=*/is_known));
  splits.info.class_names = loader.classes();
  if (options.test_only && needs_statistics && !loader.has_train()) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset.mean and dataset.deviation: one of them is not set, and ",
                     splits.source, " holds no training images to compute it from"));
  }
  std::optional<StoredSplit> train;
  if (needs_train) {
    PDARTS_ASSIGN_OR_RETURN(train, loader.Train());
  }
  PDARTS_RETURN_IF_ERROR(OpenStoredSplits(
      StoredImageSettingsOf("image_folder", config), train ? &*train : nullptr, loader.Test(),
      /*keep_train=*/!options.test_only, needs_statistics && config.mean().empty(),
      needs_statistics && config.deviation().empty(), &splits));
  if (!options.test_only) PDARTS_RETURN_IF_ERROR(CheckEveryClassHasImages(*train, splits));
  if (splits.test->size() == 0) {
    LOG(INFO) << TerminalSafe(absl::StrCat(
        splits.source,
        " holds no images for measuring. A search needs none. A training needs a "
        "folder test/, or dataset.test_share, which sets a share of the training images apart"));
  }
  return splits;
}

}  // namespace pdarts::image_folder
