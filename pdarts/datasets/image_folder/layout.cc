#include "pdarts/datasets/image_folder/layout.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/datasets/split_names.h"
#include "pdarts/images/names.h"

namespace pdarts::image_folder {
namespace {

namespace fs = std::filesystem;
using images::FolderContent;

/// The folders among `folders` that have the name of a split.
std::vector<std::string> Named(const std::vector<std::string>& folders, NamedSplit split) {
  std::vector<std::string> found;
  for (const std::string& folder : folders) {
    if (FindSplit(folder) == split) found.push_back(folder);
  }
  return found;
}

absl::StatusOr<SplitFolder> ReadSplit(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(FolderContent content, images::ListFolder(path));
  return SplitFolder{path, images::FindClasses(path, content), std::move(content.images)};
}

/// The only folder of `names` that holds class folders. If there is none, the split is empty. Adds
/// notes about the content of the other folders.
absl::StatusOr<SplitFolder> TheOne(const std::string& folder, const std::vector<std::string>& names,
                                   std::vector<std::string>* notes) {
  SplitFolder found;
  for (const std::string& name : names) {
    PDARTS_ASSIGN_OR_RETURN(SplitFolder split, ReadSplit((fs::path(folder) / name).string()));
    if (split.classes.empty()) {
      if (split.loose.empty()) continue;
      notes->push_back(absl::StrCat(split.path, " holds no class folders: its ", split.loose.size(),
                                    " images have no labels, and are left out"));
    } else if (found.path.empty()) {
      found = std::move(split);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat(found.path, " and ", split.path,
                       " both hold class folders, and only one of them can be meant: move the ",
                       "other one away"));
    }
  }
  return found;
}

/// A hint for a user who put a folder into another folder: "; .../flowers holds train/".
std::string FolderBelow(const std::string& folder, const std::vector<std::string>& folders) {
  for (const std::string& name : folders) {
    const fs::path below = fs::path(folder) / name;
    for (const char* split : {"train", "test", "val"}) {
      std::error_code error;
      if (fs::is_directory(below / split, error)) {
        return absl::StrCat("; ", below.string(), " holds ", split, "/: name that folder");
      }
    }
  }
  return "";
}

/// The key by which the files of a class are sorted.
std::string Rank(const std::string& folder, int64_t seed, const std::string& path) {
  const std::string name = images::ComposedName(fs::path(path).lexically_relative(folder).string());
  return Sha256Of(absl::StrCat(seed, "\n", name)).Bytes();
}

}  // namespace

absl::StatusOr<Layout> FindLayout(const std::string& folder) {
  PDARTS_ASSIGN_OR_RETURN(FolderContent content, images::ListFolder(folder));
  const std::vector<std::string> train = Named(content.folders, NamedSplit::kTrain);
  const std::vector<std::string> test = Named(content.folders, NamedSplit::kTest);
  const std::vector<std::string> validation = Named(content.folders, NamedSplit::kValidation);
  Layout layout;
  if (train.empty() && test.empty() && validation.empty()) {
    const std::string below = FolderBelow(folder, content.folders);
    if (content.folders.empty() || !below.empty()) {
      return absl::NotFoundError(absl::StrCat(
          folder, " holds neither a folder train/ nor class ", "folders, but ",
          content.images.size(), " images and ", content.folders.size(), " other folders", below));
    }
    layout.train = {folder, images::FindClasses(folder, content), std::move(content.images)};
    layout.notes.push_back(
        absl::StrCat(folder, " has no train/: its own folders are used as classes"));
    return layout;
  }
  if (train.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        folder, " holds ", absl::StrJoin(train, "/ and "),
        "/, and only one of them can hold the training images: move the other one away"));
  }
  if (!train.empty()) {
    PDARTS_ASSIGN_OR_RETURN(layout.train, ReadSplit((fs::path(folder) / train[0]).string()));
  }
  PDARTS_ASSIGN_OR_RETURN(layout.test, TheOne(folder, test, &layout.notes));
  if (layout.test.path.empty()) {
    PDARTS_ASSIGN_OR_RETURN(layout.test, TheOne(folder, validation, &layout.notes));
    if (!layout.test.path.empty()) {
      layout.notes.push_back(absl::StrCat("networks are measured on ", layout.test.path,
                                          ", because there is no labeled test/"));
    }
  } else if (!validation.empty()) {
    layout.notes.push_back(absl::StrCat(folder, ": ", absl::StrJoin(validation, "/, "),
                                        "/ is left out: networks are measured on ",
                                        layout.test.path));
  }
  std::vector<std::string> others;
  for (const std::string& name : content.folders) {
    if (FindSplit(name) == NamedSplit::kNone) others.push_back(absl::StrCat(name, "/"));
  }
  if (!others.empty()) {
    layout.notes.push_back(
        absl::StrCat(folder, ": ", SomeOf(others), " is left out: no usual name of a split"));
  }
  if (!content.images.empty()) {
    layout.notes.push_back(
        absl::StrCat(folder, ": ", content.images.size(),
                     " images beside the splits are left out: ", SomeOf(content.images)));
  }
  return layout;
}

absl::StatusOr<Listing> ListSplit(const SplitFolder& split,
                                  const std::vector<std::string>& classes) {
  std::map<std::string, const images::ClassFolders*> by_name;
  for (const images::ClassFolders& the_class : split.classes) {
    if (!absl::c_binary_search(classes, the_class.name)) {
      return absl::InvalidArgumentError(
          absl::StrCat(the_class.folders[0],
                       " is not a class of the training images; they are: ", SomeOf(classes)));
    }
    by_name[the_class.name] = &the_class;
  }
  Listing listing;
  for (size_t label = 0; label < classes.size(); ++label) {
    const auto found = by_name.find(classes[label]);
    if (found == by_name.end()) continue;
    PDARTS_ASSIGN_OR_RETURN(FolderContent content, images::ListClass(*found->second));
    for (std::string& path : content.images) {
      listing.files.push_back({std::move(path), static_cast<int64_t>(label)});
    }
    listing.others.insert(listing.others.end(), content.others.begin(), content.others.end());
  }
  return listing;
}

std::vector<ImageFile> TakeTestFiles(const std::string& folder, double share, int64_t seed,
                                     std::vector<ImageFile>* train) {
  std::map<int64_t, std::vector<std::pair<std::string, size_t>>> ranks;
  for (size_t i = 0; i < train->size(); ++i) {
    ranks[(*train)[i].label].emplace_back(Rank(folder, seed, (*train)[i].path), i);
  }
  std::vector<bool> taken(train->size());
  for (auto& [label, files] : ranks) {
    const auto count = static_cast<int64_t>(files.size());
    const auto wanted = static_cast<int64_t>(std::llround(share * static_cast<double>(count)));
    const int64_t take = count < 2 ? 0 : std::clamp<int64_t>(wanted, 1, count - 1);
    std::sort(files.begin(), files.end());
    for (int64_t i = 0; i < take; ++i) taken[files[i].second] = true;
  }
  std::vector<ImageFile> test, rest;
  for (size_t i = 0; i < train->size(); ++i) {
    (taken[i] ? test : rest).push_back(std::move((*train)[i]));
  }
  *train = std::move(rest);
  return test;
}

}  // namespace pdarts::image_folder
