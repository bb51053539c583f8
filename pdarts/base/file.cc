#include "pdarts/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

constexpr absl::string_view kRead = "read";
constexpr size_t kBlock = 1 << 16;
constexpr size_t kMostFromPipe = size_t{64} << 20;

absl::Status Refuse(absl::string_view what, const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("cannot ", what, " ", path, ": it is ", why));
}

absl::Status CheckKind(const FileDescriptor& file, absl::string_view what,
                       const std::string& path) {
  struct stat status;
  if (fstat(file.number(), &status) != 0) return SystemError(what, path);
  if (S_ISDIR(status.st_mode)) return Refuse(what, path, "a directory");
  if (!S_ISREG(status.st_mode)) return Refuse(what, path, "not a regular file");
  return absl::OkStatus();
}

/// The error of a file that could not be opened. For reading, if a part of the path is a file, the
/// error is kNotFound.
absl::Status OpenError(absl::string_view what, const std::string& path) {
  const bool is_missing = errno == ENOTDIR && what == kRead;
  const absl::Status status = SystemError(what, path);
  return is_missing ? absl::NotFoundError(status.message()) : status;
}

/// Reads to the end. \error kResourceExhausted if there are more than `most` bytes.
absl::StatusOr<std::string> ReadToEnd(const FileDescriptor& file, size_t most,
                                      const std::string& path) {
  struct stat status;
  if (fstat(file.number(), &status) != 0) return SystemError("read", path);
  std::string content;
  // The buffer has one byte more than the file, so that the end of the file is found without
  // another block.
  size_t room = S_ISREG(status.st_mode) ? static_cast<size_t>(status.st_size) + 1 : kBlock;
  for (size_t size = 0;;) {
    if (size > most) {
      return absl::ResourceExhaustedError(
          absl::StrCat("cannot read ", path, ": it has more than ", most, " bytes"));
    }
    content.resize(size + room);
    const ssize_t got = read(file.number(), content.data() + size, room);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", path);
    size += static_cast<size_t>(got);
    if (got == 0) {
      content.resize(size);
      return content;
    }
    room -= static_cast<size_t>(got);
    if (room == 0) room = kBlock;
  }
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) close(number_);
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept : number_(other.Release()) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

int FileDescriptor::Release() { return std::exchange(number_, -1); }

absl::Status FileDescriptor::Close(const std::string& path) {
  return close(Release()) == 0 ? absl::OkStatus() : SystemError("close", path);
}

absl::StatusOr<FileDescriptor> OpenRegularFile(int directory, const std::string& name, int flags,
                                               const std::string& path) {
  const absl::string_view what = (flags & O_ACCMODE) == O_RDONLY ? kRead : "write";
  FileDescriptor file(
      openat(directory, name.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644));
  if (!file.is_open()) {
    if (errno == ELOOP && (flags & O_NOFOLLOW) != 0) return Refuse(what, path, "a symbolic link");
    // The path is a pipe without a reader, or a socket.
    if (errno == ENXIO) return Refuse(what, path, "not a regular file");
    if (errno == EISDIR) return Refuse(what, path, "a directory");
    return OpenError(what, path);
  }
  PDARTS_RETURN_IF_ERROR(CheckKind(file, what, path));
  return file;
}

absl::StatusOr<FileDescriptor> OpenForAppending(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(
      FileDescriptor file,
      OpenRegularFile(AT_FDCWD, path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, path));
  PDARTS_RETURN_IF_ERROR(CheckHasOneName(file, path));
  return file;
}

absl::Status CheckHasOneName(const FileDescriptor& file, const std::string& path) {
  struct stat status;
  if (fstat(file.number(), &status) != 0) return SystemError("write", path);
  if (status.st_nlink <= 1) return absl::OkStatus();
  return Refuse("write", path, "a file that has another name too (a hard link)");
}

absl::StatusOr<std::string> ReadOpenFile(const FileDescriptor& file, const std::string& path) {
  return ReadToEnd(file, std::numeric_limits<size_t>::max(), path);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(const FileDescriptor file,
                          OpenRegularFile(AT_FDCWD, path, O_RDONLY, path));
  return ReadOpenFile(file, path);
}

absl::StatusOr<std::string> ReadFileOrPipe(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.is_open()) return OpenError(kRead, path);
  struct stat status;
  if (fstat(file.number(), &status) != 0) return SystemError("read", path);
  if (S_ISREG(status.st_mode)) return ReadOpenFile(file, path);
  return ReadToEnd(file, kMostFromPipe, path);
}

absl::Status SystemError(absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", what, " ", path));
}

}  // namespace pdarts
