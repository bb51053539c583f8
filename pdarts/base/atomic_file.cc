#include "pdarts/base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <random>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr char kTemporary[] = ".tmp";
constexpr size_t kRandomDigits = 16;

/// A name that no other process uses, and that nobody can predict.
std::string NewTemporaryName(const std::string& name) {
  std::random_device random;
  const uint64_t number = (uint64_t{random()} << 32) | random();
  return absl::StrCat(name, ".", absl::Hex(number, absl::kZeroPad16), kTemporary);
}

/// \error kFailedPrecondition if writing `name` would replace a device, a pipe or a directory.
absl::Status CheckMayReplace(const Directory& directory, const std::string& name) {
  PDARTS_ASSIGN_OR_RETURN(const fs::file_type kind, directory.KindOf(name));
  if (kind == fs::file_type::not_found || kind == fs::file_type::regular ||
      kind == fs::file_type::symlink) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("cannot write ", directory.PathOf(name), ": it is ",
                   kind == fs::file_type::directory ? "a directory" : "not a regular file"));
}

/// Writes, syncs and closes the new file `temporary`. Error messages name `path`.
absl::Status WriteTemporary(FileDescriptor file, absl::string_view content,
                            const std::string& path) {
  PDARTS_RETURN_IF_ERROR(WriteAll(file.number(), content, path));
  if (fsync(file.number()) != 0) return SystemError("sync", path);
  return file.Close(path);
}

}  // namespace

absl::Status WriteAll(int descriptor, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(descriptor, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return SystemError("write", path);
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status RenameForGood(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return SystemError("rename to", to);
  PDARTS_ASSIGN_OR_RETURN(const Directory directory,
                          Directory::Open(fs::path(to).parent_path().string()));
  return directory.Sync();
}

absl::Status WriteFileAtomically(const Directory& directory, const std::string& name,
                                 absl::string_view content, const std::string& keep_as) {
  const std::string path = directory.PathOf(name);
  PDARTS_RETURN_IF_ERROR(CheckMayReplace(directory, name));
  const std::string temporary = NewTemporaryName(name);
  absl::StatusOr<FileDescriptor> file = directory.OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.ok()) return Annotate(file.status(), absl::StrCat("cannot write ", path));
  absl::Cleanup remove = [&] { directory.Remove(temporary).IgnoreError(); };
  PDARTS_RETURN_IF_ERROR(WriteTemporary(*std::move(file), content, path));
  if (!keep_as.empty()) {
    const absl::Status kept = directory.Rename(name, keep_as);
    if (!kept.ok() && !absl::IsNotFound(kept)) return kept;
  }
  if (const absl::Status renamed = directory.Rename(temporary, name); !renamed.ok()) {
    // The server of a network file system may have renamed the file although its answer was lost.
    // When the rename is repeated, the server no longer finds the old name.
    const absl::StatusOr<std::string> now = directory.ReadFile(name);
    if (!absl::IsNotFound(renamed) || !now.ok() || *now != content) return renamed;
  }
  std::move(remove).Cancel();
  return directory.Sync();
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view content) {
  const fs::path parts(path);
  const absl::StatusOr<Directory> directory = Directory::Open(parts.parent_path().string());
  if (!directory.ok()) return Annotate(directory.status(), absl::StrCat("cannot write ", path));
  return WriteFileAtomically(*directory, parts.filename().string(), content);
}

bool IsTemporaryOf(absl::string_view entry, absl::string_view name) {
  if (!absl::ConsumePrefix(&entry, name) || !absl::ConsumeSuffix(&entry, kTemporary)) return false;
  if (entry.empty()) return true;
  return absl::ConsumePrefix(&entry, ".") && entry.size() == kRandomDigits &&
         std::all_of(entry.begin(), entry.end(), absl::ascii_isxdigit);
}

absl::Status GrowingFile::Open(const Directory& directory, const std::string& name) {
  path_ = directory.PathOf(name);
  PDARTS_ASSIGN_OR_RETURN(file_, directory.OpenFile(name, O_RDWR | O_CREAT | O_APPEND));
  return absl::OkStatus();
}

absl::Status GrowingFile::Append(absl::string_view bytes) {
  struct stat before;
  if (fstat(file_.number(), &before) != 0) return SystemError("write", path_);
  absl::Status status = WriteAll(file_.number(), bytes, path_);
  if (!status.ok() && ftruncate(file_.number(), before.st_size) != 0) {
    return SystemError("remove the half-written end of", path_);
  }
  return status;
}

absl::StatusOr<int64_t> GrowingFile::Sync() {
  struct stat now;
  if (fsync(file_.number()) != 0 || fstat(file_.number(), &now) != 0) {
    return SystemError("sync", path_);
  }
  return static_cast<int64_t>(now.st_size);
}

absl::StatusOr<std::optional<char>> GrowingFile::ByteAt(int64_t position) const {
  char byte;
  ssize_t got;
  do {
    got = pread(file_.number(), &byte, 1, position);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return SystemError("read", path_);
  return got == 1 ? std::optional<char>(byte) : std::nullopt;
}

absl::Status GrowingFile::CutBack(int64_t size) {
  if (ftruncate(file_.number(), size) != 0) return SystemError("cut back", path_);
  return absl::OkStatus();
}

absl::Status LineFile::Append(absl::string_view line) {
  return file_.Append(absl::StrCat(line, "\n"));
}

absl::Status LineFile::CutBack(int64_t size) {
  if (size > 0) {
    PDARTS_ASSIGN_OR_RETURN(const std::optional<char> last, file_.ByteAt(size - 1));
    if (last != '\n') {
      return absl::DataLossError(absl::StrCat(file_.path(), ": its first ", size,
                                              " bytes are expected to be whole lines"));
    }
  }
  return file_.CutBack(size);
}

void ReportFileSizeLimitAsError() { std::signal(SIGXFSZ, SIG_IGN); }

}  // namespace pdarts
