#ifndef PDARTS_RUNS_RUN_LOCK_H_
#define PDARTS_RUNS_RUN_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// Keeps other processes out as long as it lives: a file that is locked and holds the process's
/// number. The system frees the lock when the process ends in whatever way.
class RunLock {
 public:
  /// \error kFailedPrecondition naming the process that holds it; as WriteFileAtomically.
  static absl::StatusOr<std::unique_ptr<RunLock>> Take(const std::string& path);
  /// Removes the file.
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  RunLock(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  const std::string path_;
  const int descriptor_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_LOCK_H_
