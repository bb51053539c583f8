#include "pdarts/cli/process_start.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace pdarts {
namespace {

int working_directory_error = 0;
char working_directory[PATH_MAX];  // no local variable: no tool has prepared the stack yet

/// Calls the system without the C library's functions, which sanitizers replace by functions that
/// need initialization.
__attribute__((no_sanitize("address", "thread", "undefined"))) void Prepare(int, char**, char**) {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (syscall(SYS_fcntl, descriptor, F_GETFD) >= 0) continue;
    // The lowest free number is taken, which is this one. It is opened the wrong way around, so
    // that its use is an error, as it is without the descriptor.
    syscall(SYS_openat, AT_FDCWD, "/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
  if (syscall(SYS_getcwd, working_directory, sizeof(working_directory)) < 0) {
    working_directory_error = errno;
    syscall(SYS_chdir, "/");
  }
}

// Runs before the initialization of every shared library.
__attribute__((section(".preinit_array"), used)) void (*const prepare)(int, char**,
                                                                       char**) = &Prepare;

}  // namespace

absl::Status CheckWorkingDirectoryAtStart() {
  if (working_directory_error == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the working directory can't be used (",
                                                    std::strerror(working_directory_error),
                                                    "); change to another one"));
}

}  // namespace pdarts
