#ifndef PDARTS_RUNS_ATOMIC_FILE_H_
#define PDARTS_RUNS_ATOMIC_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// Writes a file so that its name always holds either the old content or the whole new one: writes
/// `path`.tmp, syncs, renames, syncs the folder. With `keep_as` the old content gets that name.
/// \error kResourceExhausted, kPermissionDenied, ... naming the file and the system's reason (a
/// full disk, a path below a file); nothing is left behind then.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content,
                                 const std::string& keep_as = "");

/// Renames a file or folder so that it lasts through a loss of power. What it holds must be synced.
/// \error as WriteFileAtomically.
absl::Status RenameForGood(const std::string& from, const std::string& to);

/// Writes all of `content` to an open file; `path` names it in errors.
/// \error as WriteFileAtomically.
absl::Status WriteAll(int descriptor, absl::string_view content, const std::string& path);

/// A file that grows by whole pieces.
class GrowingFile {
 public:
  GrowingFile() = default;
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  /// Opens for appending, creating it if it isn't there.
  /// \error as WriteFileAtomically.
  absl::Status Open(const std::string& path);
  /// Appends `bytes`. What could not be written whole is taken back.
  /// \error as WriteFileAtomically.
  absl::Status Append(absl::string_view bytes);
  /// Syncs what was appended and returns how long the file is. \error as WriteFileAtomically.
  absl::StatusOr<int64_t> Sync();
  /// Cuts the file back to its first `size` bytes. \error as WriteFileAtomically.
  absl::Status CutBack(int64_t size);

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int descriptor_ = -1;
};

/// A file that grows by whole lines.
class LineFile {
 public:
  /// As GrowingFile.
  absl::Status Open(const std::string& path) { return file_.Open(path); }
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
