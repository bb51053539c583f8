#include "pdarts/fetch/fetch.h"

#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/fetch/sha1.h"
#include "pdarts/fetch/unpack.h"
#include "pdarts/runs/run_lock.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

/// The maximum size of the unpacked archive. The archive holds a few other files than those that
/// are read.
int64_t MaxUnpackedBytes(const PublishedArchive& archive) {
  int64_t bytes = 1 << 20;
  for (const PublishedFile& file : archive.files) bytes += 2 * file.bytes;
  return bytes;
}

/// \error kFailedPrecondition naming the first file that is missing or has another length than the
/// published file.
absl::Status CheckSizes(const PublishedArchive& archive, const fs::path& folder) {
  for (const PublishedFile& file : archive.files) {
    std::error_code error;
    const uintmax_t bytes = fs::file_size(folder / file.name, error);
    if (error) {
      return absl::FailedPreconditionError(
          absl::StrCat((folder / file.name).string(), ": ", error.message()));
    }
    if (bytes != static_cast<uintmax_t>(file.bytes)) {
      return absl::FailedPreconditionError(absl::StrCat((folder / file.name).string(), ": has ",
                                                        bytes, " bytes, expected ", file.bytes));
    }
  }
  return absl::OkStatus();
}

/// \error as CheckSizes; kFailedPrecondition naming the first file whose checksum differs from the
/// published one, and both checksums.
absl::Status CheckFiles(const PublishedArchive& archive, const fs::path& folder) {
  PDARTS_RETURN_IF_ERROR(CheckSizes(archive, folder));
  for (const PublishedFile& file : archive.files) {
    const std::string path = (folder / file.name).string();
    PDARTS_ASSIGN_OR_RETURN(const std::string sha1, Sha1OfFile(path));
    if (sha1 != file.sha1) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": its SHA-1 is ", sha1, ", expected ", file.sha1));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> IsThere(const PublishedArchive& archive, const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(folder, error))) return false;
  const absl::Status status = CheckFiles(archive, folder);
  if (status.ok()) return true;
  return absl::FailedPreconditionError(
      absl::StrCat(folder.string(), " exists, but is not ", archive.title, " (", status.message(),
                   "): move it away, or choose another --data_dir"));
}

}  // namespace

absl::StatusOr<Fetched> Fetch(const PublishedArchive& archive, const std::string& url,
                              const std::string& data_dir, const DownloadOptions& options) {
  const fs::path folder = fs::path(data_dir) / archive.folder;
  Fetched fetched;
  fetched.folder = folder.string();
  PDARTS_ASSIGN_OR_RETURN(fetched.was_there, IsThere(archive, folder));
  if (fetched.was_there) return fetched;

  std::error_code error;
  fs::create_directories(data_dir, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot make the data folder ", data_dir, ": ", error.message()));
  }
  const std::string hidden = (fs::path(data_dir) / absl::StrCat(".", archive.folder)).string();
  PDARTS_ASSIGN_OR_RETURN(const Directory directory, Directory::Open(data_dir));
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<RunLock> lock,
                          RunLock::Take(directory, absl::StrCat(".", archive.folder, ".lock")));
  // Another process may have fetched the archive since the first check. The lock now excludes other
  // processes.
  PDARTS_ASSIGN_OR_RETURN(fetched.was_there, IsThere(archive, folder));
  if (fetched.was_there) return fetched;

  const fs::path file = fs::path(data_dir) / fs::path(archive.url).filename();
  const bool had_archive = fs::exists(file, error);
  PDARTS_RETURN_IF_ERROR(Download({url, archive.bytes, archive.sha256}, file.string(), options));
  const std::string unpacked = absl::StrCat(hidden, ".unpacking");
  fs::remove_all(unpacked, error);  // left by a fetch that was killed
  const absl::Cleanup clean_up = [&] { fs::remove_all(unpacked, error); };
  PDARTS_RETURN_IF_ERROR(Unpack(file.string(), unpacked, MaxUnpackedBytes(archive)));
  // The checksum of the archive also covers its files.
  PDARTS_RETURN_IF_ERROR(CheckSizes(archive, fs::path(unpacked) / archive.folder));
  PDARTS_RETURN_IF_ERROR(
      RenameForGood((fs::path(unpacked) / archive.folder).string(), folder.string()));
  if (!had_archive) fs::remove(file, error);
  return fetched;
}

}  // namespace pdarts
