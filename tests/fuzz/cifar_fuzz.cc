// Input: files of CIFAR records. The first byte determines the expected number of records and one
// of the two formats.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/datasets/cifar/records.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const int file = memfd_create("records", 0);
  PCHECK(file >= 0);
  PCHECK(write(file, data + 1, size - 1) == static_cast<ssize_t>(size - 1));
  pdarts::cifar::RecordFormat format;
  format.labels = {{"label", 10}};
  if (data[0] % 2 == 1) {
    format.labels = {{"coarse label", 20}, {"fine label", 100}};
    format.used_label = 1;
  }
  const auto split = pdarts::cifar::ReadRecords(
      {{absl::StrCat("/proc/self/fd/", file), data[0] / 2}}, format, nullptr);
  if (split.ok()) CHECK_EQ(split->images.size(0), data[0] / 2);
  close(file);
  return 0;
}
