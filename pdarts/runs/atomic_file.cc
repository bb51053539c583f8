#include "pdarts/runs/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/file.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

/// Makes a rename last through a loss of power.
absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return SystemError("open", folder);
  absl::Cleanup close_it = [&] { close(descriptor); };
  // Some file systems can't sync a folder, and say so.
  if (fsync(descriptor) != 0 && errno != EINVAL) return SystemError("sync", folder);
  return absl::OkStatus();
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
  return SyncFolderOf(to);
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view content,
                                 const std::string& keep_as) {
  const std::string temporary = path + ".tmp";
  const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return SystemError("write", path);
  absl::Cleanup remove = [&] { unlink(temporary.c_str()); };
  absl::Status status = WriteAll(descriptor, content, path);
  if (status.ok() && fsync(descriptor) != 0) status = SystemError("sync", path);
  if (close(descriptor) != 0 && status.ok()) status = SystemError("close", path);
  PDARTS_RETURN_IF_ERROR(status);
  if (!keep_as.empty() && rename(path.c_str(), keep_as.c_str()) != 0 && errno != ENOENT) {
    return SystemError("rename to", keep_as);
  }
  PDARTS_RETURN_IF_ERROR(RenameForGood(temporary, path));
  std::move(remove).Cancel();
  return absl::OkStatus();
}

GrowingFile::~GrowingFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status GrowingFile::Open(const std::string& path) {
  if (descriptor_ >= 0) close(descriptor_);
  path_ = path;
  descriptor_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) return SystemError("open", path);
  return absl::OkStatus();
}

absl::Status GrowingFile::Append(absl::string_view bytes) {
  struct stat before;
  if (fstat(descriptor_, &before) != 0) return SystemError("write", path_);
  absl::Status status = WriteAll(descriptor_, bytes, path_);
  if (!status.ok() && ftruncate(descriptor_, before.st_size) != 0) {
    return SystemError("take what is half-written back from", path_);
  }
  return status;
}

absl::StatusOr<int64_t> GrowingFile::Sync() {
  struct stat now;
  if (fsync(descriptor_) != 0 || fstat(descriptor_, &now) != 0) return SystemError("sync", path_);
  return static_cast<int64_t>(now.st_size);
}

absl::Status GrowingFile::CutBack(int64_t size) {
  if (ftruncate(descriptor_, size) != 0) return SystemError("cut back", path_);
  return absl::OkStatus();
}

absl::Status LineFile::Append(absl::string_view line) {
  return file_.Append(absl::StrCat(line, "\n"));
}

absl::Status LineFile::CutBack(int64_t size) {
  std::ifstream file(file_.path(), std::ios::binary);
  if (size > 0 && (!file.seekg(size - 1) || file.get() != '\n')) {
    return absl::DataLossError(
        absl::StrCat(file_.path(), ": its first ", size, " bytes are expected to be whole lines"));
  }
  return file_.CutBack(size);
}

void ReportFileSizeLimitAsError() { std::signal(SIGXFSZ, SIG_IGN); }

}  // namespace pdarts
