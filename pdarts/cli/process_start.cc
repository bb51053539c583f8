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
// This is not a local variable, because sanitizers have not prepared the stack yet.
char working_directory[PATH_MAX];

/// Calls the system without the functions of the C library. Sanitizers replace these functions by
/// functions that need initialization.
__attribute__((no_sanitize("address", "thread", "undefined"))) void Prepare(int, char**, char**) {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (syscall(SYS_fcntl, descriptor, F_GETFD) >= 0) continue;
    // The system takes the lowest free number, which is this descriptor. The file is opened for the
    // opposite direction, so that reading or writing fails, as it does on a closed descriptor.
    syscall(SYS_openat, AT_FDCWD, "/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
  if (syscall(SYS_getcwd, working_directory, sizeof(working_directory)) < 0) {
    working_directory_error = errno;
    syscall(SYS_chdir, "/");
  }
}

// The function in this section runs before the initialization of every shared library.
__attribute__((section(".preinit_array"), used)) void (*const prepare)(int, char**,
                                                                       char**) = &Prepare;

}  // namespace

absl::Status CheckWorkingDirectoryAtStart() {
  if (working_directory_error == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the working directory cannot be used (",
                                                    std::strerror(working_directory_error),
                                                    "); change to another one"));
}

}  // namespace pdarts
