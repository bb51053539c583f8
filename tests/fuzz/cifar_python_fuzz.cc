// Input: batches of CIFAR's Python version. The first byte determines the expected number of
// records and one of the two datasets.

#include <cstdint>

#include "glog/logging.h"
#include "pdarts/datasets/cifar/python_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  pdarts::cifar::RecordFormat format;
  format.labels = {{"label", 10, "labels"}};
  if (data[0] % 2 == 1) {
    format.labels = {{"coarse label", 20, "coarse_labels"}, {"fine label", 100, "fine_labels"}};
  }
  const int64_t records = data[0] / 2;
  const auto bytes = pdarts::cifar::RecordsOfPythonBatch(
      {reinterpret_cast<const char*>(data) + 1, size - 1}, records, format);
  if (bytes.ok()) {
    const auto record_bytes = pdarts::cifar::kImageBytes + format.labels.size();
    CHECK_EQ(bytes->size(), records * record_bytes);
  }
  return 0;
}
