#include "pdarts/datasets/cifar/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pdarts/base/status_macros.h"

namespace pdarts::cifar {
namespace {

constexpr size_t kBlock = 1 << 16;
constexpr int64_t kMostBytes = int64_t{1} << 30;

struct Free {
  void operator()(archive* archive) const { archive_read_free(archive); }
};

class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_format_tar(archive_.get());
  }

  absl::StatusOr<std::map<std::string, std::string>> Read(
      const std::map<std::string, int64_t>& wanted) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path_, error)) {
      return absl::NotFoundError(absl::StrCat("there is no file ", path_));
    }
    if (archive_read_open_filename(archive_.get(), path_.c_str(), kBlock) != ARCHIVE_OK) {
      return Damaged(LastError());
    }
    std::map<std::string, std::string> files;
    int64_t passed = 0;
    while (files.size() < wanted.size()) {
      archive_entry* entry = nullptr;
      const int result = archive_read_next_header(archive_.get(), &entry);
      if (result == ARCHIVE_EOF) break;
      if (result != ARCHIVE_OK) return Damaged(LastError());
      const int64_t size = archive_entry_size(entry);
      if (size < 0 || size > kMostBytes - passed) return Damaged("unpacks to more than 1 GiB");
      passed += size;
      const char* path = archive_entry_pathname(entry);
      const std::string name(absl::StripPrefix(path == nullptr ? "" : path, "./"));
      const auto found = wanted.find(name);
      if (found == wanted.end() || archive_entry_filetype(entry) != AE_IFREG) continue;
      if (size > found->second) {
        return Damaged(
            absl::StrCat(name, " has ", size, " bytes, expected at most ", found->second));
      }
      PDARTS_ASSIGN_OR_RETURN(files[name], ReadFile(size));
    }
    for (const auto& [name, most_bytes] : wanted) {
      if (files.count(name) == 0) {
        return absl::NotFoundError(absl::StrCat(path_, ": holds no file ", name));
      }
    }
    return files;
  }

 private:
  std::string LastError() {
    const char* error = archive_error_string(archive_.get());
    return error == nullptr ? "is damaged" : error;
  }
  absl::Status Damaged(absl::string_view why) const {
    return absl::DataLossError(absl::StrCat(path_, ": ", why));
  }

  /// Reads the `size` bytes of the entry whose header was read last.
  absl::StatusOr<std::string> ReadFile(int64_t size) {
    std::string bytes(size, '\0');
    for (size_t done = 0; done < bytes.size();) {
      const la_ssize_t got = archive_read_data(archive_.get(), &bytes[done], bytes.size() - done);
      if (got < 0) return Damaged(LastError());
      if (got == 0) return Damaged("is cut off");
      done += got;
    }
    return bytes;
  }

  const std::string path_;
  const std::unique_ptr<archive, Free> archive_{archive_read_new()};
};

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> ReadArchive(
    const std::string& archive, const std::map<std::string, int64_t>& wanted) {
  return Reader(archive).Read(wanted);
}

}  // namespace pdarts::cifar
