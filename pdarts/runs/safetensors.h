#ifndef PDARTS_RUNS_SAFETENSORS_H_
#define PDARTS_RUNS_SAFETENSORS_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pdarts {

/// The content of a file that holds tensors in the safetensors format (a JSON header and raw
/// little-endian bytes, nothing to execute), which Python's `safetensors.torch.load_file` reads.
/// Float32, float64, int64 and uint8; names are kept in the order given.
/// \error kInvalidArgument for another dtype or a name given twice.
absl::StatusOr<std::string> EncodeSafetensors(
    const std::vector<std::pair<std::string, at::Tensor>>& tensors,
    const std::map<std::string, std::string>& metadata = {});

/// Reads all tensors of a safetensors file, in the order of their data, on the CPU. What the file
/// says of sizes is checked against its own before memory is taken: the tensors' bytes must fill
/// the data without gap and overlap.
/// \param metadata what the file says of itself; null: not wanted. Values that are no text are left
///     out.
/// \error kNotFound if there is no such file; kUnknown if reading fails; kDataLoss naming what is
/// wrong with what was read.
absl::StatusOr<std::vector<std::pair<std::string, at::Tensor>>> ReadSafetensors(
    const std::string& path, std::map<std::string, std::string>* metadata = nullptr);

}  // namespace pdarts

#endif  // PDARTS_RUNS_SAFETENSORS_H_
