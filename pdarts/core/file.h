#ifndef PDARTS_CORE_FILE_H_
#define PDARTS_CORE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// An open file or directory. It is closed when the object goes.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  /// Takes over a descriptor of the system; a negative number stands for none.
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  bool is_open() const { return number_ >= 0; }
  /// The system's number of it.
  int number() const { return number_; }
  /// Gives the descriptor to the caller, who closes it.
  int Release();
  /// Closes it. \error what the system says; `path` names it in the error.
  absl::Status Close(const std::string& path);

 private:
  int number_ = -1;
};

/// Opens a regular file with the flags of open(2), O_CLOEXEC added; a new file gets mode 0644.
/// `name` is looked up in the open directory `directory` (AT_FDCWD: the working directory). A named
/// pipe or a device is an error, and opening one does not wait. With O_NOFOLLOW a symbolic link is
/// an error too. O_TRUNC is not for it: the file would be emptied before its kind is known. `path`
/// names the file in errors.
/// \error kNotFound if there is no such file; kFailedPrecondition if it is of another kind;
/// kPermissionDenied, kResourceExhausted, ... with the system's reason.
absl::StatusOr<FileDescriptor> OpenRegularFile(int directory, const std::string& name, int flags,
                                               const std::string& path);

/// Opens a file whose name others can foresee, such as a log beside a run, to read it and to write
/// at its end; creates it if it is not there. A symbolic link, a second name of another file and
/// what is no regular file are errors, so that nobody's file is written by mistake.
/// \error as OpenRegularFile and CheckHasOneName.
absl::StatusOr<FileDescriptor> OpenForAppending(const std::string& path);

/// \error kFailedPrecondition if the file has a second name (a hard link), which may be the name of
/// somebody else's file. `path` names it in errors.
absl::Status CheckHasOneName(const FileDescriptor& file, const std::string& path);

/// The bytes of an open file from where it stands to its end. `path` names it in errors.
/// \error what the system says, such as kUnknown for an I/O error: never part of the bytes.
absl::StatusOr<std::string> ReadOpenFile(const FileDescriptor& file, const std::string& path);

/// All bytes of a regular file. \error as OpenRegularFile and ReadOpenFile.
absl::StatusOr<std::string> ReadFile(const std::string& path);

/// As ReadFile, of a text that a user names. It may be a pipe also (/dev/stdin), which is read to
/// its end.
/// \error as ReadFile; kResourceExhausted for more than 64 MiB that come from a pipe or a device.
absl::StatusOr<std::string> ReadFileOrPipe(const std::string& path);

/// What `errno` says of a call that failed: "can't `what` `path`: No space left on device".
absl::Status SystemError(absl::string_view what, const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_CORE_FILE_H_
