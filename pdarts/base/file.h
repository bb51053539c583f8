#ifndef PDARTS_BASE_FILE_H_
#define PDARTS_BASE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// An open file or directory. The destructor closes it.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  /// Takes over a file descriptor. A negative number stands for no file.
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  bool is_open() const { return number_ >= 0; }
  /// The file descriptor.
  int number() const { return number_; }
  /// Passes the descriptor to the caller, who must close it.
  int Release();
  /// Closes the file. \error with the reason of the system; `path` names the file in the error.
  absl::Status Close(const std::string& path);

 private:
  int number_ = -1;
};

/// Opens a regular file with the flags of open(2). O_CLOEXEC is added, and a new file gets mode
/// 0644. `name` is looked up in the open directory `directory` (AT_FDCWD: the working directory). A
/// named pipe or a device is an error, and the function does not wait for one. With O_NOFOLLOW, a
/// symbolic link is an error too. Do not use O_TRUNC: the file would be emptied before its kind is
/// known. `path` names the file in errors.
/// \error kNotFound if there is no such file; kFailedPrecondition if it is of another kind;
/// kPermissionDenied, kResourceExhausted, ... with the reason of the system.
absl::StatusOr<FileDescriptor> OpenRegularFile(int directory, const std::string& name, int flags,
                                               const std::string& path);

/// Opens a file for reading and for writing at its end, and creates it if it does not exist. Use it
/// for a file whose name other users can predict, such as a log beside a run. A symbolic link, a
/// file with a second name, and anything but a regular file are errors, so that the program does
/// not write into the file of another user.
/// \error as OpenRegularFile and CheckHasOneName.
absl::StatusOr<FileDescriptor> OpenForAppending(const std::string& path);

/// \error kFailedPrecondition if the file has a second name (a hard link), which may belong to
/// another user. `path` names the file in errors.
absl::Status CheckHasOneName(const FileDescriptor& file, const std::string& path);

/// The bytes of an open file from its current position to its end. `path` names the file in errors.
/// \error with the reason of the system, such as kUnknown for an I/O error. The function never
/// returns only a part of the bytes.
absl::StatusOr<std::string> ReadOpenFile(const FileDescriptor& file, const std::string& path);

/// All bytes of a regular file. \error as OpenRegularFile and ReadOpenFile.
absl::StatusOr<std::string> ReadFile(const std::string& path);

/// As ReadFile, for a text file that a user names. The file may also be a pipe (/dev/stdin), which
/// is read to its end.
/// \error as ReadFile; kResourceExhausted if a pipe or a device gives more than 64 MiB.
absl::StatusOr<std::string> ReadFileOrPipe(const std::string& path);

/// The error of a failed system call, from `errno`: "cannot `what` `path`: No space left on
/// device".
absl::Status SystemError(absl::string_view what, const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_BASE_FILE_H_
