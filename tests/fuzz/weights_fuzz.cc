// Files of weights: safetensors, and the .pt of torch.save.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/runs/weights.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int file = memfd_create("weights", 0);
  PCHECK(file >= 0);
  PCHECK(write(file, data, size) == static_cast<ssize_t>(size));
  const auto tensors = pdarts::ReadWeights(absl::StrCat("/proc/self/fd/", file));
  if (tensors.ok()) {
    // What ReadTorchFile promises; safetensors hold no tensor twice.
    size_t bytes = 0;
    for (const auto& [name, tensor] : *tensors) bytes += tensor.nbytes();
    CHECK_LE(bytes, 32 * size + (1 << 20));
  }
  close(file);
  return 0;
}
