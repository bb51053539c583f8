#ifndef PDARTS_BASE_ATOMIC_FILE_H_
#define PDARTS_BASE_ATOMIC_FILE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/file.h"

namespace pdarts {

/// Writes a file atomically: the name always leads to the complete old content or to the complete
/// new content. The function writes a temporary file beside the file (see IsTemporaryOf), syncs it,
/// renames it, and syncs the directory. If `keep_as` is given, the old content gets that name. A
/// symbolic link of that name is replaced, not followed.
/// \error kResourceExhausted, kPermissionDenied, ... naming the file and the reason of the system
/// (a full disk, a path below a file); kFailedPrecondition if the name is the name of something
/// else than a file or a link, such as a device. After an error, no temporary file is left.
absl::Status WriteFileAtomically(const Directory& directory, const std::string& name,
                                 absl::string_view content, const std::string& keep_as = "");
/// Writes the file of a path atomically.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content);

/// Whether an entry of a directory is a half-written file of WriteFileAtomically that a killed
/// process left there. Such a file is called `name`, 16 random hexadecimal digits and ".tmp".
/// Earlier versions of this program called it `name`.tmp.
bool IsTemporaryOf(absl::string_view entry, absl::string_view name);

/// Renames a file or folder. The new name survives a loss of power. The content must be synced
/// before.
/// \error as WriteFileAtomically.
absl::Status RenameForGood(const std::string& from, const std::string& to);

/// Writes all of `content` to an open file. Error messages name `path`.
/// \error as WriteFileAtomically.
absl::Status WriteAll(int descriptor, absl::string_view content, const std::string& path);

/// A file to which complete pieces are appended.
class GrowingFile {
 public:
  /// Opens the file for appending, and creates the file if it does not exist.
  /// \error as Directory::OpenFile.
  absl::Status Open(const Directory& directory, const std::string& name);
  /// Appends `bytes`. If `bytes` cannot be written completely, the written part is removed again.
  /// \error as WriteFileAtomically.
  absl::Status Append(absl::string_view bytes);
  /// Syncs what was appended, and returns the length of the file. \error as WriteFileAtomically.
  absl::StatusOr<int64_t> Sync();
  /// The byte at a position; unset if the position is behind the end of the file. \error with the
  /// reason of the system.
  absl::StatusOr<std::optional<char>> ByteAt(int64_t position) const;
  /// Shortens the file to its first `size` bytes. \error as WriteFileAtomically.
  absl::Status CutBack(int64_t size);

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  FileDescriptor file_;
};

/// A file to which complete lines are appended.
class LineFile {
 public:
  /// As GrowingFile.
  absl::Status Open(const Directory& directory, const std::string& name) {
    return file_.Open(directory, name);
  }
  absl::StatusOr<int64_t> Sync() { return file_.Sync(); }
  /// Appends `line` and a line end; as GrowingFile.
  absl::Status Append(absl::string_view line);
  /// Shortens the file to its first `size` bytes. \error as GrowingFile; kDataLoss if these bytes
  /// do not end with a complete line.
  absl::Status CutBack(int64_t size);

 private:
  GrowingFile file_;
};

/// Makes a write beyond RLIMIT_FSIZE fail with an error instead of ending the process. Call it once
/// in main().
void ReportFileSizeLimitAsError();

}  // namespace pdarts

#endif  // PDARTS_BASE_ATOMIC_FILE_H_
