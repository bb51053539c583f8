#ifndef PDARTS_RUNS_WEIGHTS_H_
#define PDARTS_RUNS_WEIGHTS_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace torch::nn {
class Module;
}  // namespace torch::nn

namespace pdarts {

/// Tensors by the names of Python's `state_dict()`.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// What a file of weights holds.
struct WeightsFile {
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;  ///< of safetensors; other formats have none
};

/// A module's parameters, then its buffers: views of them, not copies.
NamedTensors ModuleState(const torch::nn::Module& module);

/// Reads a file of weights: safetensors, or what Python's torch.save wrote (told apart by their
/// first bytes).
/// \error as ReadSafetensors and ReadTorchFile.
absl::StatusOr<WeightsFile> ReadWeightsFile(const std::string& path);
absl::StatusOr<NamedTensors> ReadWeights(const std::string& path);

/// The content of a file of weights in the format that the ending of its path says: .safetensors,
/// .pt or .pth.
/// metadata: what safetensors say of themselves; the other formats have no place for it.
/// \error kInvalidArgument for another ending; as EncodeSafetensors. `path` stands before the
/// message.
absl::StatusOr<std::string> EncodeWeights(const std::string& path, const NamedTensors& tensors,
                                          std::map<std::string, std::string> metadata = {});

/// Writes such a file, atomically.
/// \error as EncodeWeights and WriteFileAtomically.
absl::Status WriteWeights(const std::string& path, const NamedTensors& tensors);

/// Copies tensors into a module's parameters and buffers, converted to their dtypes. All of them
/// must be there, and no others but `num_batches_tracked`, which these modules don't have. `except`
/// names layers that stay as they are, whatever is there for them: one or more whole parts of a
/// name, as "classifier" of "classifier.weight" and "auxiliary_head.classifier.weight".
/// \error kInvalidArgument, the module left as it was, naming the first of the missing, the
/// unexpected and the misshapen entries and how many there are, or a layer of `except` that the
/// module doesn't have. `file` names the origin.
absl::Status LoadWeights(const NamedTensors& tensors, const std::string& file,
                         torch::nn::Module* module, const std::vector<std::string>& except = {});

}  // namespace pdarts

#endif  // PDARTS_RUNS_WEIGHTS_H_
