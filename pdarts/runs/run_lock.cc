#include "pdarts/runs/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

/// The text by which a process names itself in its lock: "4711 node3".
std::string OwnName() {
  const std::string host = HostName();
  return host.empty() ? absl::StrCat(getpid()) : absl::StrCat(getpid(), " ", host);
}

/// The content of a lock; empty if no process has written its name yet.
absl::StatusOr<std::string> ReadName(const FileDescriptor& file, const std::string& path) {
  char text[512];
  const ssize_t length = pread(file.number(), text, sizeof(text), 0);
  if (length < 0) return SystemError("read", path);
  return std::string(absl::StripAsciiWhitespace({text, static_cast<size_t>(length)}));
}

/// A process and its host. Locks of earlier versions name no host.
struct Holder {
  std::string process;
  std::string host;
};

/// The process that took a lock; its number is unset if no process has written its name yet.
/// \error kFailedPrecondition if the file holds something else.
absl::StatusOr<Holder> ReadHolder(const FileDescriptor& file, const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(const std::string name, ReadName(file, path));
  const std::pair<std::string, std::string> parts = absl::StrSplit(name, absl::MaxSplits(' ', 1));
  const Holder holder = {parts.first, parts.second};
  if (!std::all_of(holder.process.begin(), holder.process.end(), absl::ascii_isdigit) ||
      !std::all_of(holder.host.begin(), holder.host.end(), absl::ascii_isgraph)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path,
        " is not the lock of a run: it holds something else than a process's number and host"));
  }
  return holder;
}

absl::Status HeldBy(const Holder& holder, const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(
      path, " is locked: ",
      holder.process.empty() ? "another process" : absl::StrCat("process ", holder.process),
      " is writing there", holder.host.empty() ? "" : absl::StrCat(", on the host ", holder.host)));
}

absl::Status LockError(const std::string& path) {
  const bool grants_none = errno == ENOLCK;
  const absl::Status status = SystemError("lock", path);
  if (!grants_none) return status;
  return absl::Status(status.code(),
                      absl::StrCat(status.message(),
                                   "; the file system must grant locks, which NFSv3 does with a "
                                   "lock service on the client and the server only"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunLock>> RunLock::Take(const Directory& directory,
                                                       const std::string& name) {
  const std::string path = directory.PathOf(name);
  for (;;) {
    PDARTS_ASSIGN_OR_RETURN(FileDescriptor file, directory.OpenFile(name, O_RDWR | O_CREAT));
    if (flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return LockError(path);
      PDARTS_ASSIGN_OR_RETURN(const Holder holder, ReadHolder(file, path));
      return HeldBy(holder, path);
    }
    // The previous holder may have removed the file after this process opened it. Then the name
    // leads to another file, or to none.
    PDARTS_ASSIGN_OR_RETURN(const bool is_named, directory.Leads(name, file));
    if (!is_named) continue;
    PDARTS_RETURN_IF_ERROR(CheckHasOneName(file, path));
    PDARTS_RETURN_IF_ERROR(ReadHolder(file, path).status());
    std::unique_ptr<RunLock> lock(new RunLock(&directory, name, std::move(file), OwnName()));
    const std::string line = absl::StrCat(lock->own_, "\n");
    // The file is synced, so that other hosts see its content.
    if (ftruncate(lock->file_.number(), 0) != 0 ||
        pwrite(lock->file_.number(), line.data(), line.size(), 0) !=
            static_cast<ssize_t>(line.size()) ||
        fsync(lock->file_.number()) != 0) {
      const absl::Status failed = SystemError("write", path);
      directory.Remove(name).IgnoreError();
      return failed;
    }
    return lock;
  }
}

RunLock::~RunLock() {
  if (CheckHeld().ok()) directory_->Remove(name_).IgnoreError();
}

absl::Status RunLock::CheckHeld() const {
  const std::string path = directory_->PathOf(name_);
  PDARTS_ASSIGN_OR_RETURN(const bool is_named, directory_->Leads(name_, file_));
  if (!is_named) {
    return absl::AbortedError(absl::StrCat(
        path,
        " is not the lock that this run holds any more: the lock or its directory was "
        "removed or replaced. The run stops, because another one may write there now"));
  }
  // The system of this host knows only its own locks. The server of a network file system may have
  // given the lock to another host.
  PDARTS_ASSIGN_OR_RETURN(const std::string name, ReadName(file_, path));
  if (name == own_) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat(
      path, " was written by \"", own_, "\" (process and host), which is this run, and holds \"",
      name, "\" now. The run stops, because that process may write there"));
}

}  // namespace pdarts
