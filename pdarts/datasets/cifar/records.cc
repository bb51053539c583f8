#include "pdarts/datasets/cifar/records.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>

#include "ATen/ops/empty.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"

namespace pdarts::cifar {
namespace {

/// An open file, which the destructor closes.
class File {
 public:
  // The file is opened without blocking, so that a named pipe is recognized and does not block the
  // program.
  explicit File(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

absl::Status SystemError(const std::string& path) {
  const int error = errno;
  const std::string message = absl::StrCat(path, ": ", std::strerror(error));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(message);
  return absl::DataLossError(message);
}

/// Checks that the number of bytes fits the number of records of a file.
absl::Status CheckLength(const RecordFile& file, int64_t record_bytes, int64_t length) {
  const int64_t expected = file.records * record_bytes;
  if (length == expected) return absl::OkStatus();
  std::string message = absl::StrCat(file.path, ": has ", length, " bytes, expected ", expected,
                                     " (", file.records, " records of ", record_bytes, "): ");
  if (length < expected) {
    absl::StrAppend(&message, "truncated, it ends in record ", length / record_bytes);
  } else {
    absl::StrAppend(&message, "it continues after record ", file.records - 1);
  }
  return absl::DataLossError(message);
}

/// All bytes of a regular file. They are read only after `check` has accepted their number.
absl::StatusOr<std::string> ReadChecked(const std::string& path,
                                        const std::function<absl::Status(int64_t length)>& check) {
  const File file(path);
  if (file.descriptor() < 0) return SystemError(path);
  struct stat status;
  if (fstat(file.descriptor(), &status) != 0) return SystemError(path);
  if (!S_ISREG(status.st_mode)) {
    return absl::DataLossError(absl::StrCat(path, ": is not a regular file"));
  }
  PDARTS_RETURN_IF_ERROR(check(status.st_size));
  std::string bytes(status.st_size, '\0');
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t got = read(file.descriptor(), &bytes[done], bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(path);
    if (got == 0) bytes.resize(done);  // the file was cut off during the reading
    done += got;
  }
  return bytes;
}

int64_t RecordBytes(const RecordFormat& format) {
  return static_cast<int64_t>(format.labels.size()) + kImageBytes;
}

}  // namespace

absl::StatusOr<std::string> ReadWhole(const std::string& path, int64_t most_bytes) {
  return ReadChecked(path, [&](int64_t length) {
    if (length <= most_bytes) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat(path, ": has ", length, " bytes, expected at most ", most_bytes));
  });
}

absl::StatusOr<Records> ReadRecords(const std::vector<RecordFile>& files,
                                    const RecordFormat& format, Sha256* checksum) {
  const int64_t record_bytes = RecordBytes(format);
  return ReadRecordsFrom(
      [&](const RecordFile& file) {
        return ReadChecked(file.path,
                           [&](int64_t length) { return CheckLength(file, record_bytes, length); });
      },
      files, format, checksum);
}

absl::StatusOr<Records> ReadRecordsFrom(const RecordReader& read,
                                        const std::vector<RecordFile>& files,
                                        const RecordFormat& format, Sha256* checksum) {
  const auto label_bytes = static_cast<int64_t>(format.labels.size());
  CHECK(format.used_label >= 0 && format.used_label < label_bytes);
  const int64_t record_bytes = RecordBytes(format);
  int64_t all_records = 0;
  for (const RecordFile& file : files) all_records += file.records;
  Records records;
  records.images = at::empty({all_records, 3, 32, 32}, at::kByte);
  records.labels = at::empty({all_records}, at::kLong);
  auto* image = records.images.mutable_data_ptr<uint8_t>();
  auto* label = records.labels.mutable_data_ptr<int64_t>();
  for (const RecordFile& file : files) {
    PDARTS_ASSIGN_OR_RETURN(const std::string bytes, read(file));
    PDARTS_RETURN_IF_ERROR(CheckLength(file, record_bytes, static_cast<int64_t>(bytes.size())));
    const char* record = bytes.data();
    for (int64_t i = 0; i < file.records; ++i, record += record_bytes) {
      for (int64_t k = 0; k < label_bytes; ++k) {
        const int value = static_cast<unsigned char>(record[k]);
        if (value >= format.labels[k].limit) {
          return absl::DataLossError(absl::StrCat(file.path, ": record ", i, ": ",
                                                  format.labels[k].name, " ", value,
                                                  " is not in [0, ", format.labels[k].limit, ")"));
        }
      }
      *label++ = static_cast<unsigned char>(record[format.used_label]);
      std::memcpy(image, record + label_bytes, kImageBytes);
      image += kImageBytes;
    }
    if (checksum != nullptr) checksum->Update(bytes);
  }
  return records;
}

}  // namespace pdarts::cifar
