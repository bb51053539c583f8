#ifndef PDARTS_RUNS_ATOMIC_FILE_H_
#define PDARTS_RUNS_ATOMIC_FILE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/directory.h"
#include "pdarts/core/file.h"

namespace pdarts {

/// Writes a file so that its name always holds either the old content or the whole new one: writes
/// a temporary file beside it (see IsTemporaryOf), syncs it, renames it, and syncs the directory.
/// With `keep_as` the old content gets that name. A symbolic link of that name is replaced, not
/// followed.
/// \error kResourceExhausted, kPermissionDenied, ... naming the file and the system's reason (a
/// full disk, a path below a file); kFailedPrecondition if the name is that of something else than
/// a file or a link, such as a device. Nothing is left behind then.
absl::Status WriteFileAtomically(const Directory& directory, const std::string& name,
                                 absl::string_view content, const std::string& keep_as = "");
/// The same of a path.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content);

/// Whether an entry of a directory is a half-written file `name` of WriteFileAtomically, which a
/// process left there that was killed: `name`, 16 random hexadecimal digits, and ".tmp"; or
/// `name`.tmp, as earlier versions of this program called it.
bool IsTemporaryOf(absl::string_view entry, absl::string_view name);

/// Renames a file or folder so that it lasts through a loss of power. What it holds must be synced.
/// \error as WriteFileAtomically.
absl::Status RenameForGood(const std::string& from, const std::string& to);

/// Writes all of `content` to an open file; `path` names it in errors.
/// \error as WriteFileAtomically.
absl::Status WriteAll(int descriptor, absl::string_view content, const std::string& path);

/// A file that grows by whole pieces.
class GrowingFile {
 public:
  /// Opens for appending, and creates the file if it isn't there.
  /// \error as Directory::OpenFile.
  absl::Status Open(const Directory& directory, const std::string& name);
  /// Appends `bytes`. What could not be written whole is taken back.
  /// \error as WriteFileAtomically.
  absl::Status Append(absl::string_view bytes);
  /// Syncs what was appended and returns how long the file is. \error as WriteFileAtomically.
  absl::StatusOr<int64_t> Sync();
  /// The byte at a position; unset behind the file's end. \error with the system's reason.
  absl::StatusOr<std::optional<char>> ByteAt(int64_t position) const;
  /// Cuts the file back to its first `size` bytes. \error as WriteFileAtomically.
  absl::Status CutBack(int64_t size);

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  FileDescriptor file_;
};

/// A file that grows by whole lines.
class LineFile {
 public:
  /// As GrowingFile.
  absl::Status Open(const Directory& directory, const std::string& name) {
    return file_.Open(directory, name);
  }
  absl::StatusOr<int64_t> Sync() { return file_.Sync(); }
  /// Appends `line` and a line end; as GrowingFile.
  absl::Status Append(absl::string_view line);
  /// Cuts the file back to its first `size` bytes. \error as GrowingFile; kDataLoss if they aren't
  /// whole lines of it.
  absl::Status CutBack(int64_t size);

 private:
  GrowingFile file_;
};

/// Makes writes beyond RLIMIT_FSIZE fail with an error instead of ending the process. Call it once
/// in main().
void ReportFileSizeLimitAsError();

}  // namespace pdarts

#endif  // PDARTS_RUNS_ATOMIC_FILE_H_
