#ifndef PDARTS_RUNS_RUN_LOCK_H_
#define PDARTS_RUNS_RUN_LOCK_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/file.h"

namespace pdarts {

/// Keeps other processes out of a directory as long as the object lives, including processes of
/// other hosts that share a network file system. The lock is a locked file that holds the number of
/// the process and its host. The system frees the lock when the process ends, for any reason.
/// docs/clusters.md explains why this is true on NFS.
class RunLock {
 public:
  /// Locks the file `name` of a directory. The directory must outlive the lock.
  /// \error kFailedPrecondition naming the process that holds the lock and its host, or if the file
  /// is not a lock: it is a link, or holds something else; as WriteFileAtomically.
  static absl::StatusOr<std::unique_ptr<RunLock>> Take(const Directory& directory,
                                                       const std::string& name);
  /// Removes the file, if it is still the locked file.
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  /// Whether the lock still keeps other processes out.
  /// \error kAborted if the file was removed or replaced, or names another process. Another process
  /// may then have locked the directory, and this process may destroy its files if it writes into
  /// the directory. The file names another process if the server of a network file system gave the
  /// lock to that process, because the server had not heard from this host for too long.
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
  const std::string own_;  ///< the content of the file as long as the lock is held
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_LOCK_H_
