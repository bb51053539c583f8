#include "pdarts/fetch/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlock = 1 << 16;

/// Whether a path that is appended to a folder stays below the folder.
bool StaysInside(const fs::path& path) {
  return !path.empty() && path.is_relative() &&
         std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
}

absl::Status MakeFolders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat("cannot make ", path.string(), ": ", error.message()));
}

class Unpacker {
 public:
  Unpacker(const std::string& archive, const fs::path& folder, int64_t max_bytes)
      : name_(archive), folder_(folder), bytes_left_(max_bytes) {
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_format_tar(archive_.get());
  }

  absl::Status Run() {
    if (archive_read_open_filename(archive_.get(), name_.c_str(), kBlock) != ARCHIVE_OK) {
      return Damaged(LastError());
    }
    for (;;) {
      archive_entry* entry = nullptr;
      const int result = archive_read_next_header(archive_.get(), &entry);
      if (result == ARCHIVE_EOF) return absl::OkStatus();
      if (result != ARCHIVE_OK) return Damaged(LastError());
      PDARTS_RETURN_IF_ERROR(UnpackEntry(entry));
    }
  }

 private:
  struct Free {
    void operator()(archive* archive) const { archive_read_free(archive); }
  };

  std::string LastError() {
    const char* error = archive_error_string(archive_.get());
    return error == nullptr ? "is damaged" : error;
  }
  absl::Status Damaged(absl::string_view why) const {
    return absl::DataLossError(absl::StrCat(name_, ": ", why));
  }

  absl::Status UnpackEntry(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr || !StaysInside(name)) {
      return Damaged(absl::StrCat("holds the path \"", name == nullptr ? "" : name,
                                  "\", which leaves the folder"));
    }
    const fs::path path = folder_ / name;
    const bool is_link = archive_entry_hardlink(entry) != nullptr;
    if (!is_link && archive_entry_filetype(entry) == AE_IFDIR) return MakeFolders(path);
    if (is_link || archive_entry_filetype(entry) != AE_IFREG) {
      return Damaged(absl::StrCat("holds \"", name, "\", which is neither a file nor a folder"));
    }
    PDARTS_RETURN_IF_ERROR(MakeFolders(path.parent_path()));
    return UnpackFile(path);
  }

  absl::Status UnpackFile(const fs::path& path) {
    // The folder is new and holds no links, so no path can leave it.
    const int descriptor =
        open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (descriptor < 0) return SystemError("write", path);
    const absl::Cleanup close_it = [&] { close(descriptor); };
    std::unique_ptr<char[]> block(new char[kBlock]);
    for (;;) {
      const la_ssize_t size = archive_read_data(archive_.get(), block.get(), kBlock);
      if (size < 0) return Damaged(LastError());
      if (size == 0) break;
      if (size > bytes_left_) return Damaged("unpacks to more than it should");
      bytes_left_ -= size;
      PDARTS_RETURN_IF_ERROR(
          WriteAll(descriptor, {block.get(), static_cast<size_t>(size)}, path.string()));
    }
    return fsync(descriptor) == 0 ? absl::OkStatus() : SystemError("sync", path);
  }

  const std::string name_;
  const fs::path folder_;
  int64_t bytes_left_;
  const std::unique_ptr<archive, Free> archive_{archive_read_new()};
};

}  // namespace

absl::Status Unpack(const std::string& archive, const std::string& folder, int64_t max_bytes) {
  if (mkdir(folder.c_str(), 0755) != 0) return SystemError("make", folder);
  return Unpacker(archive, folder, max_bytes).Run();
}

}  // namespace pdarts
