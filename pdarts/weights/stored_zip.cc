#include "pdarts/weights/stored_zip.h"

#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

// The layout is that of PKWARE's APPNOTE 6.3.10, sections 4.3.12 to 4.3.16 and 4.5.3.
constexpr uint64_t kEndSize = 22;
constexpr uint64_t kLocatorSize = 20;
constexpr uint64_t kEnd64Size = 56;
constexpr uint64_t kEntrySize = 46;
constexpr uint64_t kExtraHeaderSize = 4;
constexpr absl::string_view kEnd = "PK\x05\x06";
constexpr absl::string_view kLocator = "PK\x06\x07";
constexpr absl::string_view kEnd64 = "PK\x06\x06";
constexpr absl::string_view kEntry = "PK\x01\x02";
constexpr uint64_t kZip64Extra = 1;
constexpr uint64_t kInExtra = 0xffffffff;  ///< the size is in the extra field of the entry

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("its zip directory is damaged: ", what));
}

/// The number of `width` bytes at `offset`. These bytes are within `bytes`.
uint64_t At(absl::string_view bytes, uint64_t offset, uint64_t width) {
  return ReadLittleEndian(bytes.substr(offset, width));
}

class File {
 public:
  explicit File(const std::string& path) : file_(path, std::ios::binary | std::ios::ate) {
    if (file_) size_ = static_cast<uint64_t>(file_.tellg());
  }
  uint64_t size() const { return size_; }
  /// \error kDataLoss if the file does not hold these bytes.
  absl::StatusOr<std::string> Read(uint64_t offset, uint64_t size) {
    if (offset > size_ || size > size_ - offset) return Damaged("it reaches beyond the file");
    std::string bytes(size, '\0');
    file_.seekg(static_cast<std::streamoff>(offset));
    if (!file_.read(bytes.data(), static_cast<std::streamsize>(size))) {
      return Damaged("it cannot be read");
    }
    return bytes;
  }

 private:
  std::ifstream file_;
  uint64_t size_ = 0;
};

struct Directory {
  uint64_t entries = 0;
  std::string bytes;
};

absl::StatusOr<Directory> ReadDirectory(File* file) {
  if (file->size() < kEndSize) return Damaged("the file is too short");
  const uint64_t end_at = file->size() - kEndSize;
  PDARTS_ASSIGN_OR_RETURN(const std::string end, file->Read(end_at, kEndSize));
  if (end.compare(0, kEnd.size(), kEnd.data(), kEnd.size()) != 0) {
    return Damaged("the file does not end with it");
  }
  Directory directory;
  directory.entries = At(end, 10, 2);
  uint64_t size = At(end, 12, 4), offset = At(end, 16, 4);
  if (end_at >= kLocatorSize + kEnd64Size) {
    PDARTS_ASSIGN_OR_RETURN(const std::string locator,
                            file->Read(end_at - kLocatorSize, kLocatorSize));
    if (absl::string_view(locator).substr(0, kLocator.size()) == kLocator) {
      PDARTS_ASSIGN_OR_RETURN(const std::string end64, file->Read(At(locator, 8, 8), kEnd64Size));
      if (absl::string_view(end64).substr(0, kEnd64.size()) == kEnd64) {
        directory.entries = At(end64, 32, 8);
        size = At(end64, 40, 8);
        offset = At(end64, 48, 8);
      }
    }
  }
  PDARTS_ASSIGN_OR_RETURN(directory.bytes, file->Read(offset, size));
  return directory;
}

/// The length of an entry's record. \error kDataLoss if the record is compressed.
absl::StatusOr<uint64_t> RecordLength(absl::string_view entry, absl::string_view extra) {
  const uint64_t method = At(entry, 10, 2);
  uint64_t stored = At(entry, 20, 4), length = At(entry, 24, 4);
  const bool offset_in_extra = At(entry, 42, 4) == kInExtra;
  if (stored == kInExtra || length == kInExtra || offset_in_extra) {
    while (extra.size() >= kExtraHeaderSize) {
      const uint64_t id = At(extra, 0, 2), size = At(extra, 2, 2);
      extra.remove_prefix(kExtraHeaderSize);
      if (size > extra.size()) return Damaged("an extra field is too long");
      absl::string_view field = extra.substr(0, size);
      extra.remove_prefix(size);
      if (id != kZip64Extra) continue;
      for (uint64_t* value : {&length, &stored}) {
        if (*value != kInExtra) continue;
        if (field.size() < 8) return Damaged("an extra field is too short");
        *value = At(field, 0, 8);
        field.remove_prefix(8);
      }
      break;
    }
  }
  if (method == 0 && stored == length) return length;
  return absl::DataLossError("a zip archive, but none of torch.save: a record is compressed");
}

}  // namespace

absl::StatusOr<StoredZip> ReadStoredZip(const std::string& path) {
  File file(path);
  PDARTS_ASSIGN_OR_RETURN(const Directory directory, ReadDirectory(&file));
  absl::string_view left = directory.bytes;
  uint64_t left_for_records = file.size();
  StoredZip zip;
  zip.file_size = file.size();
  for (uint64_t i = 0; i < directory.entries; ++i) {
    if (left.size() < kEntrySize || left.substr(0, kEntry.size()) != kEntry) {
      return Damaged("an entry is missing");
    }
    const absl::string_view entry = left.substr(0, kEntrySize);
    const uint64_t name = At(entry, 28, 2), extra = At(entry, 30, 2), comment = At(entry, 32, 2);
    left.remove_prefix(kEntrySize);
    if (left.size() < name + extra + comment) return Damaged("an entry is cut off");
    PDARTS_ASSIGN_OR_RETURN(const uint64_t length, RecordLength(entry, left.substr(name, extra)));
    zip.names.emplace_back(left.substr(0, name));
    left.remove_prefix(name + extra + comment);
    if (length > left_for_records) {
      return absl::DataLossError("its records are longer than the file");
    }
    left_for_records -= length;
  }
  return zip;
}

}  // namespace pdarts
