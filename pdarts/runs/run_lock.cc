#include "pdarts/runs/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

/// The number of the process that took a lock, as text; empty if none has written its number yet.
/// \error kFailedPrecondition if the file holds something else.
absl::StatusOr<std::string> Holder(const FileDescriptor& file, const std::string& path) {
  char text[32];
  const ssize_t length = pread(file.number(), text, sizeof(text), 0);
  if (length < 0) return SystemError("read", path);
  const absl::string_view holder = absl::StripAsciiWhitespace({text, static_cast<size_t>(length)});
  if (length == sizeof(text) || !std::all_of(holder.begin(), holder.end(), absl::ascii_isdigit)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " is not the lock of a run: it holds something else than a process's number"));
  }
  return std::string(holder);
}

absl::Status HeldBy(const std::string& holder, const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(
      path, " is locked: ",
      holder.empty() ? std::string("another process") : absl::StrCat("process ", holder),
      " is writing there"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunLock>> RunLock::Take(const Directory& directory,
                                                       const std::string& name) {
  const std::string path = directory.PathOf(name);
  for (;;) {
    PDARTS_ASSIGN_OR_RETURN(FileDescriptor file, directory.OpenFile(name, O_RDWR | O_CREAT));
    if (flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return SystemError("lock", path);
      PDARTS_ASSIGN_OR_RETURN(const std::string holder, Holder(file, path));
      return HeldBy(holder, path);
    }
    // Who held it before may have removed the file after it was opened here: then another one, or
    // none, has the name now.
    PDARTS_ASSIGN_OR_RETURN(const bool is_named, directory.Leads(name, file));
    if (!is_named) continue;
    PDARTS_RETURN_IF_ERROR(CheckHasOneName(file, path));
    PDARTS_RETURN_IF_ERROR(Holder(file, path).status());
    std::unique_ptr<RunLock> lock(new RunLock(&directory, name, std::move(file)));
    const std::string own = absl::StrCat(getpid(), "\n");
    if (ftruncate(lock->file_.number(), 0) != 0 ||
        pwrite(lock->file_.number(), own.data(), own.size(), 0) !=
            static_cast<ssize_t>(own.size())) {
      return SystemError("write", path);
    }
    return lock;
  }
}

RunLock::~RunLock() {
  const absl::StatusOr<bool> is_named = directory_->Leads(name_, file_);
  if (is_named.ok() && *is_named) directory_->Remove(name_).IgnoreError();
}

absl::Status RunLock::CheckHeld() const {
  PDARTS_ASSIGN_OR_RETURN(const bool is_named, directory_->Leads(name_, file_));
  if (is_named) return absl::OkStatus();
  return absl::AbortedError(
      absl::StrCat(directory_->PathOf(name_),
                   " is not the lock that this run holds any more: the lock or its directory was "
                   "removed or replaced. The run stops, because another one may write there now"));
}

}  // namespace pdarts
