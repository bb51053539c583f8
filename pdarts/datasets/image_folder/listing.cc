#include "pdarts/datasets/image_folder/listing.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/status_macros.h"

namespace pdarts::image_folder {
namespace {

namespace fs = std::filesystem;

/// What lies in a folder, sorted by name, without what is hidden.
absl::StatusOr<std::vector<fs::directory_entry>> Entries(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!absl::StartsWith(it->path().filename().string(), ".")) entries.push_back(*it);
  }
  if (error) return absl::DataLossError(absl::StrCat(folder.string(), ": ", error.message()));
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool IsImageName(const fs::path& path) {
  const std::string extension = path.extension().string();
  return absl::EqualsIgnoreCase(extension, ".png") || absl::EqualsIgnoreCase(extension, ".jpg") ||
         absl::EqualsIgnoreCase(extension, ".jpeg");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ListClasses(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return absl::NotFoundError(absl::StrCat("there is no folder ", folder));
  }
  PDARTS_ASSIGN_OR_RETURN(const std::vector<fs::directory_entry> entries, Entries(folder));
  std::vector<std::string> classes;
  for (const fs::directory_entry& entry : entries) {
    if (entry.is_directory(error)) classes.push_back(entry.path().filename().string());
  }
  return classes;
}

absl::StatusOr<Listing> ListImages(const std::string& folder,
                                   const std::vector<std::string>& classes) {
  Listing listing;
  for (size_t label = 0; label < classes.size(); ++label) {
    const fs::path class_folder = fs::path(folder) / classes[label];
    std::error_code error;
    if (!fs::exists(class_folder, error)) continue;
    PDARTS_ASSIGN_OR_RETURN(const std::vector<fs::directory_entry> entries, Entries(class_folder));
    for (const fs::directory_entry& entry : entries) {
      // Whether it can be opened, reading tells: a link to nowhere counts as unreadable.
      if (IsImageName(entry.path()) && !entry.is_directory(error)) {
        listing.files.push_back({entry.path().string(), static_cast<int64_t>(label)});
      } else {
        listing.others.push_back(entry.path().string());
      }
    }
  }
  return listing;
}

}  // namespace pdarts::image_folder
