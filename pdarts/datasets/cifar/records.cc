#include "pdarts/datasets/cifar/records.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "ATen/core/Tensor.h"
#include "ATen/ops/empty.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/core/status_macros.h"

namespace pdarts::cifar {
namespace {

/// An open file, closed when it goes.
class File {
 public:
  // Non-blocking, so that a named pipe is told from a file instead of waited for.
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

/// Fills `bytes` with the file, which must be exactly that long.
absl::Status ReadExactly(const RecordFile& file, int64_t record_bytes, char* bytes) {
  const int64_t expected = file.records * record_bytes;
  const auto wrong_length = [&](int64_t length) {
    std::string message = absl::StrCat(file.path, ": has ", length, " bytes, expected ", expected,
                                       " (", file.records, " records of ", record_bytes, "): ");
    if (length < expected) {
      absl::StrAppend(&message, "truncated, it ends in record ", length / record_bytes);
    } else {
      absl::StrAppend(&message, "it goes on behind record ", file.records - 1);
    }
    return absl::DataLossError(message);
  };
  const File opened(file.path);
  if (opened.descriptor() < 0) return SystemError(file.path);
  struct stat status;
  if (fstat(opened.descriptor(), &status) != 0) return SystemError(file.path);
  if (!S_ISREG(status.st_mode)) {
    return absl::DataLossError(absl::StrCat(file.path, ": is not a regular file"));
  }
  if (status.st_size != expected) return wrong_length(status.st_size);
  for (int64_t done = 0; done < expected;) {
    const ssize_t got = read(opened.descriptor(), bytes + done, expected - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(file.path);
    if (got == 0) return wrong_length(done);  // cut off while it was read
    done += got;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ImageSplit> ReadRecords(const std::vector<RecordFile>& files,
                                       const RecordFormat& format, Sha256* checksum) {
  const auto label_bytes = static_cast<int64_t>(format.labels.size());
  CHECK(format.used_label >= 0 && format.used_label < label_bytes);
  const int64_t record_bytes = label_bytes + kImageBytes;
  int64_t all_records = 0;
  int64_t most_records = 0;
  for (const RecordFile& file : files) {
    all_records += file.records;
    most_records = std::max(most_records, file.records);
  }
  ImageSplit split;
  split.images = at::empty({all_records, 3, 32, 32}, at::kByte);
  split.labels = at::empty({all_records}, at::kLong);
  auto* image = split.images.mutable_data_ptr<uint8_t>();
  auto* label = split.labels.mutable_data_ptr<int64_t>();
  const std::unique_ptr<char[]> bytes(new char[most_records * record_bytes]);
  for (const RecordFile& file : files) {
    PDARTS_RETURN_IF_ERROR(ReadExactly(file, record_bytes, bytes.get()));
    const char* record = bytes.get();
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
    if (checksum != nullptr) {
      checksum->Update(absl::string_view(bytes.get(), file.records * record_bytes));
    }
  }
  return split;
}

}  // namespace pdarts::cifar
