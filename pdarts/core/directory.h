#ifndef PDARTS_CORE_DIRECTORY_H_
#define PDARTS_CORE_DIRECTORY_H_

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/file.h"

namespace pdarts {

/// A directory that is kept open. Every name is looked up in the directory that was opened, also
/// when its path leads to another one meanwhile. A name is one component of a path; another one is
/// an error of kind kInvalidArgument. No method follows a symbolic link at a name, or waits for a
/// named pipe. On a network file system, a directory that has just been opened holds what other
/// hosts have written there until then.
class Directory {
 public:
  /// Opens a directory that is there; "" is the working directory.
  /// \error kNotFound if there is none; kFailedPrecondition if `path` is no directory;
  /// kPermissionDenied, ... with the system's reason.
  static absl::StatusOr<Directory> Open(const std::string& path);
  /// Opens a directory, and creates what is missing of its path in such a way that it lasts through
  /// a loss of power. \error as Open.
  static absl::StatusOr<Directory> Create(const std::string& path);

  /// As it was given.
  const std::string& path() const { return path_; }
  /// The path of a name in the directory.
  std::string PathOf(const std::string& name) const;

  /// The names of all entries, sorted, without "." and "..". \error with the system's reason.
  absl::StatusOr<std::vector<std::string>> List() const;
  /// What kind of entry has that name, of links the link itself; `not_found` where there is none.
  /// \error with the system's reason.
  absl::StatusOr<std::filesystem::file_type> KindOf(const std::string& name) const;
  /// Whether there is an entry of that name, of any kind. \error with the system's reason.
  absl::StatusOr<bool> Holds(const std::string& name) const;
  /// Whether `file` is what the name leads to now; on a network file system, what the server says.
  /// \error with the system's reason.
  absl::StatusOr<bool> Leads(const std::string& name, const FileDescriptor& file) const;

  /// Opens a regular file. `flags` are those of open(2), without O_TRUNC.
  /// \error as OpenRegularFile.
  absl::StatusOr<FileDescriptor> OpenFile(const std::string& name, int flags) const;
  /// All bytes of a regular file. \error as core's ReadFile.
  absl::StatusOr<std::string> ReadFile(const std::string& name) const;

  /// Gives an entry another name, and replaces what had that name. It lasts after Sync().
  /// \error kNotFound if there is no entry `from`; with the system's reason.
  absl::Status Rename(const std::string& from, const std::string& to) const;
  /// Removes a file; one that is not there is no error. \error with the system's reason.
  absl::Status Remove(const std::string& name) const;
  /// Makes creations, renames and removals last through a loss of power.
  /// \error with the system's reason.
  absl::Status Sync() const;

 private:
  Directory(std::string path, FileDescriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  std::string path_;
  FileDescriptor descriptor_;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_DIRECTORY_H_
