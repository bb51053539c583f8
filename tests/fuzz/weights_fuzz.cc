// Input: files of weights, as safetensors and in both formats of torch.save.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/weights/weights.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int file = memfd_create("weights", 0);
  PCHECK(file >= 0);
  PCHECK(write(file, data, size) == static_cast<ssize_t>(size));
  const auto read = pdarts::ReadWeightsFile(absl::StrCat("/proc/self/fd/", file));
  if (read.ok()) {
    // The memory limit of ReadTorchFile. Safetensors files never contain a tensor twice.
    size_t bytes = 0;
    for (const auto& [name, tensor] : read->tensors) bytes += tensor.nbytes();
    for (const auto& [key, value] : read->metadata) bytes += key.size() + value.size();
    CHECK_LE(bytes, 33 * size + (1 << 20));
  }
  close(file);
  return 0;
}
