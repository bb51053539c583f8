#ifndef PDARTS_RUNS_SAFETENSORS_H_
#define PDARTS_RUNS_SAFETENSORS_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"

namespace pdarts {

/// Writes tensors in the safetensors format (a JSON header and raw little-endian bytes, nothing to
/// execute), which Python's `safetensors.torch.load_file` reads. Float32, float64, int64 and uint8;
/// names are kept in the order given. Atomic.
/// \error as WriteFileAtomically; kInvalidArgument for another dtype or a name given twice.
absl::Status WriteSafetensors(const std::string& path,
                              const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                              const std::map<std::string, std::string>& metadata = {});

}  // namespace pdarts

#endif  // PDARTS_RUNS_SAFETENSORS_H_
