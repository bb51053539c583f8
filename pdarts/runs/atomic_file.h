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

/// A file that grows by whole lines.
class LineFile {
 public:
  LineFile() = default;
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// Opens for appending, creating it if it isn't there.
  /// \error as WriteFileAtomically.
  absl::Status Open(const std::string& path);
  /// Appends `line` and a line end. What could not be written whole is taken back.
  /// \error as WriteFileAtomically.
  absl::Status Append(absl::string_view line);
  /// Syncs what was appended and returns how long the file is. \error as WriteFileAtomically.
  absl::StatusOr<int64_t> Sync();
  /// Cuts the file back to its first `size` bytes. \error as WriteFileAtomically; kDataLoss if they
  /// aren't whole lines of it.
  absl::Status CutBack(int64_t size);

 private:
  std::string path_;
  int descriptor_ = -1;
};

/// Makes writes beyond RLIMIT_FSIZE fail with an error instead of ending the process. Call it once
/// in main().
void ReportFileSizeLimitAsError();

}  // namespace pdarts

#endif  // PDARTS_RUNS_ATOMIC_FILE_H_
