#include "pdarts/pack/shard_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

struct Free {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

std::string Temporary(const std::string& name) { return absl::StrCat(name, ".tmp"); }

}  // namespace

absl::StatusOr<ShardWriter> ShardWriter::Begin(const Directory& directory, std::string name) {
  PDARTS_RETURN_IF_ERROR(directory.Remove(Temporary(name)));
  PDARTS_ASSIGN_OR_RETURN(FileDescriptor file,
                          directory.OpenFile(Temporary(name), O_WRONLY | O_CREAT | O_EXCL));
  return ShardWriter(directory, std::move(name), std::move(file));
}

ShardWriter::ShardWriter(const Directory& directory, std::string name, FileDescriptor file)
    : directory_(&directory),
      name_(std::move(name)),
      file_(std::move(file)),
      tar_(archive_write_new()) {
  CHECK(tar_ != nullptr);
  archive_write_set_format_ustar(tar_);
  archive_write_set_bytes_in_last_block(tar_, 512);
  CHECK_EQ(archive_write_open_fd(tar_, file_.number()), ARCHIVE_OK);
}

ShardWriter::ShardWriter(ShardWriter&& other) noexcept
    : directory_(other.directory_),
      name_(std::move(other.name_)),
      file_(std::move(other.file_)),
      tar_(std::exchange(other.tar_, nullptr)) {}

ShardWriter::~ShardWriter() {
  if (tar_ == nullptr) return;
  // Finish was not called, so the end of the archive is not written.
  archive_write_fail(tar_);
  archive_write_free(tar_);
}

absl::Status ShardWriter::Error(absl::string_view what) const {
  const char* why = archive_error_string(tar_);
  return absl::ErrnoToStatus(archive_errno(tar_) > 0 ? archive_errno(tar_) : EIO,
                             absl::StrCat("cannot ", what, " ", directory_->PathOf(name_), ": ",
                                          why == nullptr ? "libarchive gives no reason" : why));
}

absl::Status ShardWriter::AddFile(const std::string& name, absl::string_view content) {
  const std::unique_ptr<archive_entry, Free> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), static_cast<int64_t>(content.size()));
  archive_entry_set_mtime(entry.get(), 0, 0);
  if (archive_write_header(tar_, entry.get()) != ARCHIVE_OK ||
      archive_write_data(tar_, content.data(), content.size()) !=
          static_cast<la_ssize_t>(content.size())) {
    return Error("write");
  }
  return absl::OkStatus();
}

absl::Status ShardWriter::Add(const std::string& sample, absl::string_view ending,
                              absl::string_view image, int64_t label) {
  PDARTS_RETURN_IF_ERROR(AddFile(absl::StrCat(sample, ".", ending), image));
  return AddFile(absl::StrCat(sample, ".cls"), absl::StrCat(label));
}

absl::Status ShardWriter::Finish() {
  if (archive_write_close(tar_) != ARCHIVE_OK) return Error("write");
  archive_write_free(std::exchange(tar_, nullptr));
  const std::string path = directory_->PathOf(name_);
  if (fsync(file_.number()) != 0) return SystemError("sync", path);
  PDARTS_RETURN_IF_ERROR(file_.Close(path));
  PDARTS_RETURN_IF_ERROR(directory_->Rename(Temporary(name_), name_));
  return directory_->Sync();
}

}  // namespace pdarts
