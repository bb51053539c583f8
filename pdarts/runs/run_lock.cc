#include "pdarts/runs/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/file.h"

namespace pdarts {
namespace {

absl::Status HeldBy(int descriptor, const std::string& path) {
  char text[32] = {};
  const ssize_t length = pread(descriptor, text, sizeof(text) - 1, 0);
  const absl::string_view holder = absl::StripAsciiWhitespace(text);
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is locked: ",
                   length > 0 ? absl::StrCat("process ", holder, " is writing there")
                              : std::string("another process is writing there")));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunLock>> RunLock::Take(const std::string& path) {
  for (;;) {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return SystemError("write", path);
    std::unique_ptr<RunLock> lock;
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      absl::Status status =
          errno == EWOULDBLOCK ? HeldBy(descriptor, path) : SystemError("lock", path);
      close(descriptor);
      return status;
    }
    // Who held it before may have removed the file after it was opened here: then another one, or
    // none, has the name now.
    struct stat opened, named;
    if (fstat(descriptor, &opened) != 0 || stat(path.c_str(), &named) != 0 ||
        opened.st_ino != named.st_ino) {
      close(descriptor);
      continue;
    }
    lock.reset(new RunLock(path, descriptor));
    const std::string holder = absl::StrCat(getpid(), "\n");
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, holder.data(), holder.size(), 0) !=
                                             static_cast<ssize_t>(holder.size())) {
      return SystemError("write", path);
    }
    return lock;
  }
}

RunLock::~RunLock() {
  unlink(path_.c_str());
  close(descriptor_);
}

}  // namespace pdarts
