#include "pdarts/runs/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

absl::Status SystemError(absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("can't ", what, " ", path));
}

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

}  // namespace

absl::Status WriteFileAtomically(const std::string& path, absl::string_view content) {
  const std::string temporary = path + ".tmp";
  const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return SystemError("write", path);
  absl::Cleanup remove = [&] { unlink(temporary.c_str()); };
  absl::Status status = WriteAll(descriptor, content, path);
  if (status.ok() && fsync(descriptor) != 0) status = SystemError("sync", path);
  if (close(descriptor) != 0 && status.ok()) status = SystemError("close", path);
  PDARTS_RETURN_IF_ERROR(status);
  if (rename(temporary.c_str(), path.c_str()) != 0) return SystemError("rename to", path);
  std::move(remove).Cancel();
  return absl::OkStatus();
}

LineFile::~LineFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status LineFile::Open(const std::string& path) {
  if (descriptor_ >= 0) close(descriptor_);
  path_ = path;
  descriptor_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) return SystemError("open", path);
  return absl::OkStatus();
}

absl::Status LineFile::Append(absl::string_view line) {
  struct stat before;
  if (fstat(descriptor_, &before) != 0) return SystemError("write", path_);
  absl::Status status = WriteAll(descriptor_, absl::StrCat(line, "\n"), path_);
  if (!status.ok() && ftruncate(descriptor_, before.st_size) != 0) {
    return SystemError("take a half-written line back from", path_);
  }
  return status;
}

void ReportFileSizeLimitAsError() { std::signal(SIGXFSZ, SIG_IGN); }

}  // namespace pdarts
