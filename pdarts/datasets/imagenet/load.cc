#include "pdarts/datasets/imagenet/load.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/base/text.h"
#include "pdarts/datasets/imagenet/validation_list.h"
#include "pdarts/datasets/stored_images.h"
#include "pdarts/images/listing.h"
#include "pdarts/images/store.h"

namespace pdarts::imagenet {
namespace {

namespace fs = std::filesystem;
using images::ClassFolders;
using images::FolderContent;

constexpr const char* kLists[] = {"val.txt", "LOC_val_solution.csv",
                                  "imagenet_2012_validation_synset_labels.txt"};
constexpr const char* kSynsetNames[] = {"LOC_synset_mapping.txt", "synset_words.txt", "words.txt"};

absl::Status NotFound(absl::string_view what) {
  return absl::NotFoundError(absl::StrCat(
      "imagenet: ", what, ". Unpack ILSVRC2012 so that the training images lie in ",
      "FOLDER/train/SYNSET/*.JPEG, and the validation images in FOLDER/val/ with FOLDER/",
      kLists[0],
      ", or in FOLDER/val/SYNSET/; name FOLDER by the spec's dataset.folder, --data_dir or ",
      "PDARTS_DATA_DIR"));
}

/// The paths of images, and their classes.
struct Files {
  std::vector<std::string> paths;
  std::vector<int64_t> labels;
};

class Finder {
 public:
  Finder(const ImageNetConfig& config, std::string folder)
      : config_(config), folder_(std::move(folder)) {}

  /// Finds the synsets. If there is no train/ and it is not needed, the synsets are those of val/.
  absl::Status FindSynsets(bool needs_train) {
    if (folder_.empty()) return NotFound("no folder is named");
    PDARTS_ASSIGN_OR_RETURN(const FolderContent train, ContentOf("train"));
    train_ = images::FindClasses(PathOf("train"), train);
    std::vector<ClassFolders> found = train_;
    if (found.empty() && !needs_train) {
      PDARTS_ASSIGN_OR_RETURN(const FolderContent val, ContentOf("val"));
      found = images::FindClasses(PathOf("val"), val);
    }
    if (found.empty()) {
      return NotFound(absl::StrCat((fs::path(folder_) / "train").string(),
                                   " holds no folders of synsets, such as n01440764"));
    }
    if (static_cast<int>(found.size()) < config_.classes()) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder_, " holds ", found.size(), " synsets, the spec's dataset.classes is ",
                       config_.classes(), ": set it to ", found.size(), " or fewer"));
    }
    for (const ClassFolders& synset : found) synsets_.push_back(synset.name);
    return absl::OkStatus();
  }

  /// The names of the used classes.
  absl::StatusOr<std::vector<std::string>> ClassNames() const {
    std::map<std::string, std::string> words;
    PDARTS_ASSIGN_OR_RETURN(const std::optional<std::string> path, FirstOf(kSynsetNames));
    if (path) {
      PDARTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(*path));
      words = ReadSynsetNames(text);
    }
    std::vector<std::string> names;
    for (int c = 0; c < config_.classes(); ++c) {
      const auto found = words.find(synsets_[c]);
      names.push_back(found == words.end() ? synsets_[c]
                                           : absl::StrCat(found->second, " (", synsets_[c], ")"));
    }
    return names;
  }

  absl::StatusOr<StoredSplit> Train() const {
    PDARTS_ASSIGN_OR_RETURN(const Files files, InSynsets(train_));
    return SplitOf("train", "train", files);
  }

  absl::StatusOr<StoredSplit> Test() const {
    PDARTS_ASSIGN_OR_RETURN(const FolderContent content, ContentOf("val"));
    const std::vector<ClassFolders> synsets = images::FindClasses(PathOf("val"), content);
    PDARTS_ASSIGN_OR_RETURN(const Files files,
                            synsets.empty() ? InList(content.images) : InSynsets(synsets));
    return SplitOf("test", "val", files);
  }

 private:
  std::string PathOf(const std::string& name) const { return (fs::path(folder_) / name).string(); }

  /// The content of a split's folder. Of its folders, only those of synsets are included. Empty if
  /// the folder does not exist.
  absl::StatusOr<FolderContent> ContentOf(const std::string& split) const {
    absl::StatusOr<FolderContent> content = images::ListFolder(PathOf(split));
    if (absl::IsNotFound(content.status())) return FolderContent();
    if (!content.ok()) return content.status();
    std::vector<std::string> others;
    std::vector<std::string>& folders = content->folders;
    for (const std::string& name : folders) {
      if (!IsSynset(name)) others.push_back(absl::StrCat(name, "/"));
    }
    if (!others.empty()) {
      LOG(WARNING) << TerminalSafe(absl::StrCat(PathOf(split), ": ", SomeOf(others),
                                                " is left out: no synset is called so"));
    }
    folders.erase(std::remove_if(folders.begin(), folders.end(),
                                 [](const std::string& name) { return !IsSynset(name); }),
                  folders.end());
    return content;
  }

  /// All images of the used classes, from one folder for each synset.
  absl::StatusOr<Files> InSynsets(const std::vector<ClassFolders>& synsets) const {
    Files files;
    for (const ClassFolders& synset : synsets) {
      const auto found = std::lower_bound(synsets_.begin(), synsets_.end(), synset.name);
      if (found == synsets_.end() || *found != synset.name) {
        return absl::InvalidArgumentError(
            absl::StrCat(synset.folders[0],
                         " is not a synset of the training images; they are: ", SomeOf(synsets_)));
      }
      if (found - synsets_.begin() >= config_.classes()) continue;
      PDARTS_ASSIGN_OR_RETURN(FolderContent content, images::ListClass(synset));
      files.labels.resize(files.labels.size() + content.images.size(), found - synsets_.begin());
      for (std::string& path : content.images) files.paths.push_back(std::move(path));
    }
    return files;
  }

  /// The images of the used classes in val/ itself. `images` are the paths of all images in val/.
  absl::StatusOr<Files> InList(const std::vector<std::string>& images) const {
    Files files;
    if (images.empty()) return files;
    std::optional<std::string> list;
    if (config_.validation_list().empty()) {
      PDARTS_ASSIGN_OR_RETURN(list, FirstOf(kLists));
    } else {
      list = PathOf(config_.validation_list());
    }
    if (!list) {
      return absl::NotFoundError(absl::StrCat(
          "imagenet: ", PathOf("val"), " holds ", images.size(),
          " images without folders of synsets, and there is no list of their classes: expected ",
          PathOf(kLists[0]), ", ", kLists[1], " or ", kLists[2],
          " beside it, or the spec's dataset.validation_list"));
    }
    PDARTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(*list));
    std::vector<std::string> names;
    for (const std::string& path : images) {
      names.push_back(fs::path(path).filename().string());
    }
    const absl::StatusOr<std::map<std::string, int64_t>> classes =
        ReadValidationList(text, names, synsets_);
    if (!classes.ok()) return Annotate(classes.status(), *list);
    std::vector<std::string> without;
    for (size_t i = 0; i < names.size(); ++i) {
      const auto found = classes->find(names[i]);
      if (found == classes->end()) {
        without.push_back(names[i]);
      } else if (found->second < config_.classes()) {
        files.paths.push_back(images[i]);
        files.labels.push_back(found->second);
      }
    }
    if (!without.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(*list, ": does not name ", without.size(),
                                                     " of the images in ", PathOf("val"), ": ",
                                                     SomeOf(without)));
    }
    return files;
  }

  /// The path of the first of these files that exists in the folder.
  template <typename Names>
  absl::StatusOr<std::optional<std::string>> FirstOf(const Names& names) const {
    for (const char* name : names) {
      std::error_code error;
      const std::string path = PathOf(name);
      if (fs::exists(path, error)) return path;
      if (error) return absl::DataLossError(absl::StrCat(path, ": ", error.message()));
    }
    return std::nullopt;
  }

  StoredSplit SplitOf(const std::string& name, const std::string& folder,
                      const Files& files) const {
    const std::string where = PathOf(folder);
    return {name, where, images::MakeFileStore(where, files.paths), files.labels, {}};
  }

  const ImageNetConfig& config_;
  const std::string folder_;
  std::vector<ClassFolders> train_;   ///< the synsets of train/
  std::vector<std::string> synsets_;  ///< all synsets of the folder, sorted
};

}  // namespace

absl::StatusOr<DatasetSplits> Load(const ImageNetConfig& config, const DatasetInfo& info,
                                   const LoadOptions& options) {
  DatasetSplits splits;
  splits.source = (config.folder().empty() ? fs::path(options.data_dir)
                                           : fs::path(options.data_dir) / config.folder())
                      .string();
  splits.info = info;
  Finder finder(config, splits.source);
  PDARTS_RETURN_IF_ERROR(finder.FindSynsets(/*needs_train=*/!options.test_only));
  PDARTS_ASSIGN_OR_RETURN(splits.info.class_names, finder.ClassNames());
  std::optional<StoredSplit> train;
  if (!options.test_only) {
    PDARTS_ASSIGN_OR_RETURN(train, finder.Train());
  }
  PDARTS_ASSIGN_OR_RETURN(const StoredSplit test, finder.Test());
  StoredImageSettings settings;
  settings.dataset = "imagenet";
  settings.image_size = config.image_size();
  settings.max_pixels = config.max_pixels();
  settings.memory_bytes = 0;
  settings.seed = static_cast<uint64_t>(config.seed());
  PDARTS_RETURN_IF_ERROR(OpenStoredSplits(settings, train ? &*train : nullptr, test,
                                          /*keep_train=*/!options.test_only,
                                          /*needs_mean=*/false, /*needs_deviation=*/false,
                                          &splits));
  if (train) PDARTS_RETURN_IF_ERROR(CheckEveryClassHasImages(*train, splits));
  return splits;
}

}  // namespace pdarts::imagenet
