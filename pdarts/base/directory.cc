#include "pdarts/base/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

absl::Status CheckName(const std::string& name, const std::string& directory) {
  if (!name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
      name.find('\0') == std::string::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is not the name of a file in the directory ", directory));
}

/// The status (stat(2)) of a name in an open directory, or of the descriptor itself if the name is
/// empty. The client of a network file system asks the server instead of its cache. Returns whether
/// the call succeeded; if not, errno has the reason.
bool AskStatus(int directory, const char* name, struct statx* status) {
  const int of = *name == '\0' ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
  return statx(directory, name, of | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, status) == 0;
}

/// Refreshes the cache that the client of a network file system has for a directory, so that the
/// client asks the server for names that other hosts have added or removed.
void Refresh(const FileDescriptor& directory) {
  struct statx status;
  AskStatus(directory.number(), "", &status);  // without it, the client is late by up to a minute
}

}  // namespace

absl::StatusOr<Directory> Directory::Open(const std::string& path) {
  const std::string opened = path.empty() ? "." : path;
  FileDescriptor descriptor(open(opened.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open()) return SystemError("open the directory", opened);
  Refresh(descriptor);
  return Directory(path, std::move(descriptor));
}

absl::StatusOr<Directory> Directory::Create(const std::string& path) {
  absl::StatusOr<Directory> opened = Open(path);
  if (opened.ok() || !absl::IsNotFound(opened.status())) return opened;
  fs::path here(path);
  if (!here.has_filename()) here = here.parent_path();  // it ends in '/'
  // The directory has no parent, or is a link to nothing: mkdir reports what is wrong.
  const fs::path above = here.parent_path();
  if (above == here) return opened;
  PDARTS_ASSIGN_OR_RETURN(const Directory parent, Create(above.string()));
  if (mkdirat(parent.descriptor_.number(), here.filename().c_str(), 0777) != 0 && errno != EEXIST) {
    return SystemError("make the directory", path);
  }
  PDARTS_RETURN_IF_ERROR(parent.Sync());
  return Open(path);
}

std::string Directory::PathOf(const std::string& name) const {
  return (fs::path(path_) / name).string();
}

absl::StatusOr<std::vector<std::string>> Directory::List() const {
  // The copy is needed for two reasons: closedir() closes it, and it has its own read position.
  FileDescriptor copy(openat(descriptor_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy.is_open()) return SystemError("list", path_);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(copy.number()), &closedir);
  if (stream == nullptr) return SystemError("list", path_);
  copy.Release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return SystemError("list", path_);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<fs::file_type> Directory::KindOf(const std::string& name) const {
  PDARTS_RETURN_IF_ERROR(CheckName(name, path_));
  struct stat status;
  if (fstatat(descriptor_.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return fs::file_type::not_found;
    return SystemError("look at", PathOf(name));
  }
  if (S_ISREG(status.st_mode)) return fs::file_type::regular;
  if (S_ISDIR(status.st_mode)) return fs::file_type::directory;
  if (S_ISLNK(status.st_mode)) return fs::file_type::symlink;
  return fs::file_type::unknown;
}

absl::StatusOr<bool> Directory::Holds(const std::string& name) const {
  PDARTS_ASSIGN_OR_RETURN(const fs::file_type kind, KindOf(name));
  return kind != fs::file_type::not_found;
}

absl::StatusOr<bool> Directory::Leads(const std::string& name, const FileDescriptor& file) const {
  PDARTS_RETURN_IF_ERROR(CheckName(name, path_));
  Refresh(descriptor_);
  struct statx opened, named;
  if (!AskStatus(file.number(), "", &opened) ||
      !AskStatus(descriptor_.number(), name.c_str(), &named)) {
    // ESTALE: another host removed the file or the directory.
    if (errno == ENOENT || errno == ESTALE) return false;
    return SystemError("look at", PathOf(name));
  }
  return opened.stx_dev_major == named.stx_dev_major &&
         opened.stx_dev_minor == named.stx_dev_minor && opened.stx_ino == named.stx_ino;
}

absl::StatusOr<FileDescriptor> Directory::OpenFile(const std::string& name, int flags) const {
  PDARTS_RETURN_IF_ERROR(CheckName(name, path_));
  return OpenRegularFile(descriptor_.number(), name, flags | O_NOFOLLOW, PathOf(name));
}

absl::StatusOr<std::string> Directory::ReadFile(const std::string& name) const {
  PDARTS_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(name, O_RDONLY));
  return ReadOpenFile(file, PathOf(name));
}

absl::Status Directory::Rename(const std::string& from, const std::string& to) const {
  PDARTS_RETURN_IF_ERROR(CheckName(from, path_));
  PDARTS_RETURN_IF_ERROR(CheckName(to, path_));
  if (renameat(descriptor_.number(), from.c_str(), descriptor_.number(), to.c_str()) != 0) {
    return SystemError("rename to", PathOf(to));
  }
  return absl::OkStatus();
}

absl::Status Directory::Remove(const std::string& name) const {
  PDARTS_RETURN_IF_ERROR(CheckName(name, path_));
  if (unlinkat(descriptor_.number(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return SystemError("remove", PathOf(name));
  }
  return absl::OkStatus();
}

absl::Status Directory::Sync() const {
  // Some file systems cannot sync a directory, and return EINVAL.
  if (fsync(descriptor_.number()) != 0 && errno != EINVAL) return SystemError("sync", path_);
  return absl::OkStatus();
}

}  // namespace pdarts
