#ifndef PDARTS_RUNS_TORCH_FILE_H_
#define PDARTS_RUNS_TORCH_FILE_H_

#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pdarts {

/// Reads the tensors of a state dict that Python's `torch.save` wrote (the zip format, PyTorch 1.6
/// and later), in its order; of a checkpoint, a dict without tensors, those of its entry
/// `state_dict`. Executes nothing: of a pickle's globals only those are known that a dict of
/// tensors needs, anything else is an error. Reading takes at most 34 times the file's size and 1
/// MiB of memory, whatever the file holds. The tensors are strided views, on the CPU; copies of
/// them take no more than that either. \error kNotFound if the file can't be read; kDataLoss naming
/// what is damaged; kResourceExhausted if it would take more memory; kInvalidArgument naming what
/// the pickle holds that a state dict doesn't.
absl::StatusOr<std::vector<std::pair<std::string, at::Tensor>>> ReadTorchFile(
    const std::string& path);

/// The content of a file that holds a state dict, which Python's
/// `torch.load(path, weights_only=True)` reads as a dict. Dtypes are those of EncodeSafetensors.
/// \error as EncodeSafetensors.
absl::StatusOr<std::string> EncodeTorchFile(
    const std::vector<std::pair<std::string, at::Tensor>>& tensors);

}  // namespace pdarts

#endif  // PDARTS_RUNS_TORCH_FILE_H_
