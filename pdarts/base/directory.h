#ifndef PDARTS_BASE_DIRECTORY_H_
#define PDARTS_BASE_DIRECTORY_H_

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/file.h"

namespace pdarts {

/// A directory that is kept open. All names are looked up in the opened directory, even if its path
/// now leads to another one. A name is one component of a path; any other name is an error of kind
/// kInvalidArgument. No method follows a symbolic link at a name, or waits for a named pipe. On a
/// network file system, a directory that has just been opened contains everything that other hosts
/// had written there at that time.
class Directory {
 public:
  /// Opens an existing directory; "" is the working directory.
  /// \error kNotFound if there is none; kFailedPrecondition if `path` is not a directory;
  /// kPermissionDenied, ... with the reason of the system.
  static absl::StatusOr<Directory> Open(const std::string& path);
  /// Opens a directory, and creates the missing parts of its path. The new directories survive a
  /// loss of power. \error as Open.
  static absl::StatusOr<Directory> Create(const std::string& path);

  /// The path as the caller gave it.
  const std::string& path() const { return path_; }
  /// The path of a name in the directory.
  std::string PathOf(const std::string& name) const;

  /// The names of all entries, sorted, without "." and "..". \error with the reason of the system.
  absl::StatusOr<std::vector<std::string>> List() const;
  /// The kind of the entry with this name; for a link, the kind is the link itself. `not_found` if
  /// there is no such entry. \error with the reason of the system.
  absl::StatusOr<std::filesystem::file_type> KindOf(const std::string& name) const;
  /// Whether there is an entry with this name, of any kind. \error with the reason of the system.
  absl::StatusOr<bool> Holds(const std::string& name) const;
  /// Whether the name now leads to `file`. On a network file system, the server decides.
  /// \error with the reason of the system.
  absl::StatusOr<bool> Leads(const std::string& name, const FileDescriptor& file) const;

  /// Opens a regular file. `flags` are those of open(2), without O_TRUNC.
  /// \error as OpenRegularFile.
  absl::StatusOr<FileDescriptor> OpenFile(const std::string& name, int flags) const;
  /// All bytes of a regular file. \error as ReadFile in file.h.
  absl::StatusOr<std::string> ReadFile(const std::string& name) const;

  /// Renames an entry, and replaces an entry that had the new name. The change survives a loss of
  /// power after Sync().
  /// \error kNotFound if there is no entry `from`; with the reason of the system.
  absl::Status Rename(const std::string& from, const std::string& to) const;
  /// Removes a file. A missing file is not an error. \error with the reason of the system.
  absl::Status Remove(const std::string& name) const;
  /// Makes creations, renames and removals survive a loss of power. \error with the reason of the
  /// system.
  absl::Status Sync() const;

 private:
  Directory(std::string path, FileDescriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  std::string path_;
  FileDescriptor descriptor_;
};

}  // namespace pdarts

#endif  // PDARTS_BASE_DIRECTORY_H_
