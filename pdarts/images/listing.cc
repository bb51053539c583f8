#include "pdarts/images/listing.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <system_error>
#include <type_traits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/images/format.h"
#include "pdarts/images/names.h"

namespace pdarts::images {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kDecoded[] = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp"};
constexpr absl::string_view kNotDecoded[] = {".gif",  ".bmp", ".tif", ".tiff", ".heic",  ".heif",
                                             ".avif", ".jp2", ".jxl", ".psd",  ".pjpeg", ".pjp",
                                             ".apng", ".dib", ".pgm", ".ppm",  ".pbm"};

template <typename Endings>
bool HasEnding(const std::string& path, const Endings& endings) {
  const std::string extension = fs::path(path).extension().string();
  return absl::c_any_of(
      endings, [&](absl::string_view ending) { return absl::EqualsIgnoreCase(extension, ending); });
}

bool IsHidden(const fs::path& path) {
  const std::string name = path.filename().string();
  return absl::StartsWith(name, ".") || name == "__MACOSX";
}

absl::Status CheckFolder(const std::string& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::is_directory(status)) return absl::OkStatus();
  if (fs::exists(status)) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, " is a file, expected a folder; unpack it if it is an archive"));
  }
  if (error && error != std::errc::no_such_file_or_directory &&
      error != std::errc::not_a_directory) {
    return absl::DataLossError(absl::StrCat(folder, ": ", error.message()));
  }
  return absl::NotFoundError(absl::StrCat("there is no folder ", folder));
}

/// Sorts paths by their names in composed form, so that a copy on another system has the same
/// order.
void SortByName(std::vector<std::string>* paths) {
  std::vector<std::pair<std::string, std::string>> named;
  named.reserve(paths->size());
  for (std::string& path : *paths) {
    std::string name = ComposedName(path);
    named.emplace_back(std::move(name), std::move(path));
  }
  std::sort(named.begin(), named.end());
  for (size_t i = 0; i < named.size(); ++i) (*paths)[i] = std::move(named[i].second);
}

/// Appends the content of a folder. `Iterator` visits a folder, or a folder and all folders below
/// it.
template <typename Iterator>
absl::Status List(const std::string& folder, FolderContent* content) {
  constexpr bool kBelow = std::is_same_v<Iterator, fs::recursive_directory_iterator>;
  PDARTS_RETURN_IF_ERROR(CheckFolder(folder));
  std::error_code error;
  for (Iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code kind_error;
    const std::string path = it->path().string();
    if (IsHidden(it->path())) {
      if constexpr (kBelow) it.disable_recursion_pending();
    } else if (!it->is_directory(kind_error)) {
      (IsImage(path) ? content->images : content->others).push_back(path);
    } else if (!kBelow) {
      content->folders.push_back(it->path().filename().string());
    } else if (it->is_symlink(kind_error)) {
      content->others.push_back(path);
    }
  }
  if (error) return absl::DataLossError(absl::StrCat(folder, ": ", error.message()));
  return absl::OkStatus();
}

/// \error kInvalidArgument if the folder of a class is a link to a folder that contains the link.
/// The images of all classes would be found in it.
absl::Status CheckIsNoLoop(const std::string& folder) {
  std::error_code error;
  if (!fs::is_symlink(folder, error)) return absl::OkStatus();
  const std::string target = fs::canonical(folder, error).string();
  if (error) return absl::DataLossError(absl::StrCat(folder, ": ", error.message()));
  const std::string parent = fs::canonical(fs::path(folder).parent_path(), error).string();
  if (target != "/" && !absl::StartsWith(absl::StrCat(parent, "/"), absl::StrCat(target, "/"))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(folder, " is a symbolic link to ", target, ", in which the link itself lies"));
}

void Sort(FolderContent* content) {
  SortByName(&content->images);
  SortByName(&content->others);
  SortByName(&content->folders);
}

}  // namespace

bool IsImage(const std::string& path) {
  // If the name of a file tells its format, the content is checked later, when the file is decoded.
  if (HasEnding(path, kDecoded) || HasEnding(path, kNotDecoded)) return true;
  const absl::StatusOr<FileDescriptor> file = OpenRegularFile(AT_FDCWD, path, O_RDONLY, path);
  if (!file.ok()) return false;
  std::array<char, kContentBytes> bytes;
  const ssize_t size = pread(file->number(), bytes.data(), bytes.size(), 0);
  if (size <= 0) return false;
  const Format format = FindContent({bytes.data(), static_cast<size_t>(size)}).format;
  return format != Format::kUnknown && format != Format::kNoImage;
}

absl::StatusOr<FolderContent> ListFolder(const std::string& folder) {
  FolderContent content;
  PDARTS_RETURN_IF_ERROR(List<fs::directory_iterator>(folder, &content));
  Sort(&content);
  return content;
}

std::vector<ClassFolders> FindClasses(const std::string& folder, const FolderContent& content) {
  std::map<std::string, std::vector<std::string>> by_name;
  for (const std::string& name : content.folders) {
    by_name[ComposedName(name)].push_back((fs::path(folder) / name).string());
  }
  std::vector<ClassFolders> classes;
  for (auto& [name, folders] : by_name) classes.push_back({name, std::move(folders)});
  return classes;
}

absl::StatusOr<FolderContent> ListClass(const ClassFolders& the_class) {
  FolderContent content;
  for (const std::string& folder : the_class.folders) {
    PDARTS_RETURN_IF_ERROR(CheckIsNoLoop(folder));
    PDARTS_RETURN_IF_ERROR(List<fs::recursive_directory_iterator>(folder, &content));
  }
  Sort(&content);
  return content;
}

}  // namespace pdarts::images
