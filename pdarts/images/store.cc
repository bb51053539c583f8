#include "pdarts/images/store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pdarts/base/file.h"
#include "pdarts/images/names.h"

namespace pdarts::images {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{1} << 30;

class FileStore : public ImageStore {
 public:
  FileStore(std::string folder, const std::vector<std::string>& paths)
      : folder_(std::move(folder)) {
    // The common folder is stored once, because a million complete paths take more memory.
    files_.reserve(paths.size());
    for (const std::string& path : paths) {
      struct stat status;
      const bool is_file = stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
      files_.push_back({std::string(absl::StripPrefix(path, folder_)),
                        is_file ? static_cast<int64_t>(status.st_size) : -1});
    }
  }

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  std::string Name(int64_t index) const override {
    return absl::StrCat(folder_, files_[index].name);
  }
  std::string Key(int64_t index) const override {
    return ComposedName(absl::StripPrefix(files_[index].name, "/"));
  }
  int64_t Bytes(int64_t index) const override { return files_[index].bytes; }

  absl::StatusOr<std::string> Read(int64_t index) const override {
    const std::string path = Name(index);
    const int64_t expected = files_[index].bytes;
    if (expected < 0) return WhatItIs(path);
    if (expected > kMaxFileBytes) return absl::DataLossError("is larger than an image can be");
    const absl::StatusOr<FileDescriptor> file = OpenRegularFile(AT_FDCWD, path, O_RDONLY, path);
    if (absl::IsNotFound(file.status())) {
      return absl::NotFoundError("was removed after the folder was listed");
    }
    if (!file.ok()) return absl::DataLossError(file.status().message());
    struct stat status;
    if (fstat(file->number(), &status) != 0) return absl::DataLossError("cannot be looked at");
    if (status.st_size != expected) return OtherSize(status.st_size, expected);
    absl::StatusOr<std::string> bytes = ReadOpenFile(*file, path);
    if (!bytes.ok()) return absl::DataLossError(bytes.status().message());
    if (static_cast<int64_t>(bytes->size()) != expected) {
      return OtherSize(static_cast<int64_t>(bytes->size()), expected);
    }
    return bytes;
  }

 private:
  struct File {
    std::string name;  ///< the part of its path after the folder
    int64_t bytes;
  };

  /// The reason why the file could not be examined when the folder was listed.
  static absl::Status WhatItIs(const std::string& path) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) return absl::DataLossError("is not a regular file");
    if (error == std::errc::too_many_symbolic_link_levels) {
      return absl::DataLossError("is a symbolic link that leads back to itself");
    }
    return absl::DataLossError("is not a regular file");
  }
  static absl::Status OtherSize(int64_t bytes, int64_t expected) {
    return absl::DataLossError(
        absl::StrCat("has ", bytes, " bytes, and had ", expected,
                     " when the folder was listed: it was changed while it is used"));
  }
  const std::string folder_;
  std::vector<File> files_;
};

}  // namespace

std::unique_ptr<ImageStore> MakeFileStore(const std::string& folder,
                                          const std::vector<std::string>& paths) {
  return std::make_unique<FileStore>(folder, paths);
}

}  // namespace pdarts::images
