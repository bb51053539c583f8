#include "pdarts/datasets/cifar/records.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "ATen/ops/empty.h"
#include "absl/strings/str_cat.h"

namespace pdarts::cifar {
namespace {

constexpr int64_t kPixels = 3 * 32 * 32;

}  // namespace

absl::StatusOr<ImageSplit> ReadRecords(const std::vector<std::string>& files,
                                       const RecordFormat& format, int64_t records_per_file,
                                       Sha256* checksum) {
  const auto label_bytes = static_cast<int64_t>(format.label_limits.size());
  const int64_t record_size = label_bytes + kPixels;
  const int64_t expected = records_per_file * record_size;
  const int64_t total = records_per_file * static_cast<int64_t>(files.size());
  ImageSplit split;
  split.images = at::empty({total, 3, 32, 32}, at::kByte);
  split.labels = at::empty({total}, at::kLong);
  auto* image = split.images.mutable_data_ptr<uint8_t>();
  auto* label = split.labels.mutable_data_ptr<int64_t>();
  std::string content(static_cast<size_t>(expected), '\0');
  for (const std::string& path : files) {
    errno = 0;
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) {
      return absl::NotFoundError(absl::StrCat("can't read ", path, ": ", std::strerror(errno)));
    }
    const auto size = static_cast<int64_t>(file.tellg());
    if (size != expected) {
      return absl::DataLossError(absl::StrCat(
          path, " has ", size, " bytes, expected ", expected, ": ", records_per_file,
          " records of ", record_size, "; it is ", size < expected ? "truncated" : "too long"));
    }
    file.seekg(0);
    if (!file.read(content.data(), expected)) {
      return absl::DataLossError(absl::StrCat("can't read all of ", path));
    }
    checksum->Add(content);
    const auto* record = reinterpret_cast<const uint8_t*>(content.data());
    for (int64_t r = 0; r < records_per_file; ++r, record += record_size, image += kPixels) {
      for (int64_t b = 0; b < label_bytes; ++b) {
        if (record[b] >= format.label_limits[b]) {
          return absl::DataLossError(absl::StrCat(path, " record ", r, ": label byte ", b, " is ",
                                                  static_cast<int>(record[b]),
                                                  ", expected less than ", format.label_limits[b]));
        }
      }
      *label++ = record[format.label];
      std::memcpy(image, record + label_bytes, kPixels);
    }
  }
  return split;
}

DatasetInfo Cifar10Info() {
  DatasetInfo info;
  info.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                      "dog",      "frog",       "horse", "ship", "truck"};
  info.mean = {0.49139968, 0.48215827, 0.44653124};
  info.deviation = {0.24703233, 0.24348505, 0.26158768};
  return info;
}

}  // namespace pdarts::cifar
