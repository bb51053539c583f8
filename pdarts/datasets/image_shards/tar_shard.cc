#include "pdarts/datasets/image_shards/tar_shard.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"

namespace pdarts::image_shards {
namespace {

/// The number of bytes that libarchive reads at once. The image between two headers is skipped.
constexpr size_t kBlock = 1 << 14;
/// The maximum size of a file with a class.
constexpr int64_t kMostClassBytes = 64;
/// An archive ends with two blocks of zeros.
constexpr int64_t kEndBytes = 1024;

struct Free {
  void operator()(archive* archive) const { archive_read_free(archive); }
};

bool IsImageEnding(absl::string_view ending) {
  return ending == "jpg" || ending == "jpeg" || ending == "png" || ending == "webp";
}

/// A file of the archive.
struct Member {
  std::string name;
  std::string sample;  ///< the name up to the first dot after the last slash
  std::string ending;  ///< the part after that dot, in small letters
  int64_t offset = 0;
  int64_t size = 0;
};

Member MemberOf(absl::string_view name) {
  Member member;
  member.name = std::string(name);
  const size_t slash = name.rfind('/');
  const size_t begin = slash == absl::string_view::npos ? 0 : slash + 1;
  const size_t dot = std::min(name.find('.', begin), name.size());
  member.sample = std::string(name.substr(0, dot));
  if (dot < name.size()) member.ending = absl::AsciiStrToLower(name.substr(dot + 1));
  return member;
}

class Indexer {
 public:
  Indexer(const FileDescriptor& file, std::string path) : file_(file), path_(std::move(path)) {
    archive_read_support_format_tar(archive_.get());
  }

  absl::StatusOr<ShardIndex::Shard> Run() {
    struct stat status;
    if (fstat(file_.number(), &status) != 0) return SystemError("read", path_);
    shard_.set_bytes(status.st_size);
    if (lseek(file_.number(), 0, SEEK_SET) != 0) return SystemError("read", path_);
    if (archive_read_open_fd(archive_.get(), file_.number(), kBlock) != ARCHIVE_OK) {
      return Damaged(absl::StrCat("is not an uncompressed tar archive: ", LastError()));
    }
    while (true) {
      archive_entry* entry = nullptr;
      const int result = archive_read_next_header(archive_.get(), &entry);
      if (result == ARCHIVE_EOF) break;
      if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return Damaged(LastError());
      if (archive_entry_filetype(entry) != AE_IFREG) continue;
      PDARTS_RETURN_IF_ERROR(Take(entry));
    }
    // This check comes before the check of the last sample, because the missing part may belong to
    // this sample.
    PDARTS_RETURN_IF_ERROR(CheckEnd());
    PDARTS_RETURN_IF_ERROR(FinishSample());
    return std::move(shard_);
  }

 private:
  std::string LastError() const {
    const char* error = archive_error_string(archive_.get());
    return error == nullptr ? "it is damaged" : error;
  }
  /// An error of the shard, which also names the current sample.
  absl::Status Damaged(absl::string_view why) const {
    return absl::DataLossError(
        sample_.empty() ? absl::StrCat(path_, ": ", why)
                        : absl::StrCat(path_, ": ", why, ", at or behind sample ", sample_));
  }
  absl::Status WrongSample(absl::string_view why) const {
    return absl::DataLossError(absl::StrCat(path_, ": sample ", sample_, " ", why));
  }

  absl::Status Take(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    Member member = MemberOf(name == nullptr ? "" : name);
    if (member.sample != sample_) {
      PDARTS_RETURN_IF_ERROR(FinishSample());
      sample_ = member.sample;
    }
    // Describes the file whose header was read.
    member.offset = archive_filter_bytes(archive_.get(), 0);
    member.size = archive_entry_size(entry);
    if (member.size < 0 || member.offset < 0 || member.size > shard_.bytes() - member.offset) {
      return absl::DataLossError(absl::StrCat(path_, ": is cut off in sample ", sample_,
                                              ": the archive has ", shard_.bytes(), " bytes, and ",
                                              member.name, " needs ", member.offset + member.size));
    }
    if (archive_entry_sparse_count(entry) > 0) return WrongSample("is stored as a sparse file");
    if (member.ending == "cls") return TakeClass(member);
    if (!IsImageEnding(member.ending)) return absl::OkStatus();
    if (image_) {
      return WrongSample(absl::StrCat("has two images, ", image_->name, " and ", member.name));
    }
    PDARTS_RETURN_IF_ERROR(CheckOffset(member));
    image_ = std::move(member);
    return absl::OkStatus();
  }

  absl::Status TakeClass(const Member& member) {
    std::string text(std::clamp<int64_t>(member.size, 0, kMostClassBytes), '\0');
    const la_ssize_t got = archive_read_data(archive_.get(), text.data(), text.size());
    if (got < 0) return Damaged(LastError());
    text.resize(got);
    int64_t label = 0;
    if (member.size > kMostClassBytes || !absl::SimpleAtoi(text, &label) || label < 0) {
      return WrongSample(absl::StrCat("has the class \"", absl::CHexEscape(text), "\" in ",
                                      member.name, ", expected a whole number from 0"));
    }
    label_ = label;
    return absl::OkStatus();
  }

  /// Images are read later without libarchive. So the bytes at the offset must be the bytes that
  /// libarchive reads.
  absl::Status CheckOffset(const Member& member) {
    std::array<char, 16> expected, found;
    const size_t size = std::min<size_t>(expected.size(), member.size);
    const la_ssize_t got = archive_read_data(archive_.get(), expected.data(), size);
    if (got < 0) return Damaged(LastError());
    if (got != static_cast<la_ssize_t>(size) ||
        pread(file_.number(), found.data(), size, member.offset) != got ||
        !std::equal(found.begin(), found.begin() + got, expected.begin())) {
      return WrongSample(absl::StrCat("is stored in a way that is not read: ", member.name));
    }
    return absl::OkStatus();
  }

  absl::Status FinishSample() {
    if (image_ && !label_) return WrongSample("has no class: a file .cls beside the image");
    if (image_) {
      shard_.add_names(image_->name);
      shard_.add_offsets(image_->offset);
      shard_.add_sizes(image_->size);
      shard_.add_labels(*label_);
    }
    image_.reset();
    label_.reset();
    return absl::OkStatus();
  }

  /// An archive that was cut off between two files can be read, but it lacks the blocks at its end.
  absl::Status CheckEnd() const {
    std::array<char, kEndBytes> end;
    const int64_t begin = shard_.bytes() - kEndBytes;
    if (begin >= 0 && pread(file_.number(), end.data(), end.size(), begin) == kEndBytes &&
        std::all_of(end.begin(), end.end(), [](char byte) { return byte == 0; })) {
      return absl::OkStatus();
    }
    return Damaged("is cut off: the end of the archive is missing");
  }

  const FileDescriptor& file_;
  const std::string path_;
  const std::unique_ptr<archive, Free> archive_{archive_read_new()};
  ShardIndex::Shard shard_;
  std::string sample_;  ///< the sample whose files are being read
  std::optional<Member> image_;
  std::optional<int64_t> label_;
};

}  // namespace

absl::StatusOr<ShardIndex::Shard> IndexTarShard(const FileDescriptor& file,
                                                const std::string& path) {
  return Indexer(file, path).Run();
}

}  // namespace pdarts::image_shards
