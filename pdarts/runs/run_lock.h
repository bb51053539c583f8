#ifndef PDARTS_RUNS_RUN_LOCK_H_
#define PDARTS_RUNS_RUN_LOCK_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/directory.h"
#include "pdarts/core/file.h"

namespace pdarts {

/// Keeps other processes out as long as it lives, also those of other hosts that share a network
/// file system: a file that is locked and holds the process's number and its host. The system frees
/// the lock when the process ends in whatever way. docs/clusters.md says why this holds on NFS.
class RunLock {
 public:
  /// Locks the file `name` of a directory, which must outlive the lock.
  /// \error kFailedPrecondition naming the process that holds it and its host, or if the file is no
  /// lock: a link, or a file that holds something else; as WriteFileAtomically.
  static absl::StatusOr<std::unique_ptr<RunLock>> Take(const Directory& directory,
                                                       const std::string& name);
  /// Removes the file, if it is still the one that is held.
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  /// Whether the lock still keeps others out.
  /// \error kAborted if its file was removed or replaced, or if it names another process, so that
  /// another process can have locked the directory: what is written there from now on may destroy
  /// what that process writes. A file names another process where the server of a network file
  /// system gave the lock away, because it had not heard of this host for too long.
  absl::Status CheckHeld() const;

 private:
  RunLock(const Directory* directory, std::string name, FileDescriptor file, std::string own)
      : directory_(directory),
        name_(std::move(name)),
        file_(std::move(file)),
        own_(std::move(own)) {}
  const Directory* const directory_;
  const std::string name_;
  const FileDescriptor file_;
  const std::string own_;  ///< what the file holds as long as the lock is held
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_LOCK_H_
