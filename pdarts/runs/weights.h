#ifndef PDARTS_RUNS_WEIGHTS_H_
#define PDARTS_RUNS_WEIGHTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/runs/weights_file.h"

namespace torch::nn {
class Module;
}  // namespace torch::nn

namespace pdarts {

/// A module's parameters, then its buffers: views of them, not copies.
NamedTensors ModuleState(const torch::nn::Module& module);

/// Reads a file of weights: safetensors, or what Python's torch.save wrote today or before PyTorch
/// 1.6, told apart by their first bytes. Prefixes that Python's wrappers of modules put before
/// every name are removed, with a note: `module.` (DataParallel), `_orig_mod.` (torch.compile), and
/// `model.`, `net.` or `network.` (attributes of a LightningModule).
/// \error as ReadSafetensors, ReadTorchFile and ReadLegacyTorchFile; kInvalidArgument saying what
/// the file is if it is none of these.
absl::StatusOr<WeightsFile> ReadWeightsFile(const std::string& path);

/// The content of a file of weights in the format that the ending of its path says: .safetensors,
/// .pt or .pth.
/// \error kInvalidArgument for another ending; as EncodeSafetensors. `path` stands before the
/// message.
absl::StatusOr<std::string> EncodeWeights(const std::string& path, const NamedTensors& tensors,
                                          WeightsMetadata metadata = {});

/// Writes such a file, atomically.
/// \error as EncodeWeights and WriteFileAtomically.
absl::Status WriteWeights(const std::string& path, const NamedTensors& tensors,
                          const WeightsMetadata& metadata = {});

/// Copies tensors into a module's parameters and buffers, converted to their dtypes. All of them
/// must be there, and no others but `num_batches_tracked`, which these modules don't have. A prefix
/// that ReadWeightsFile would remove from all of the module's own names may be missing. `except`
/// names layers that stay as they are, whatever is there for them: one or more whole parts of a
/// name, as "classifier" of "classifier.weight" and "auxiliary_head.classifier.weight".
/// \error kInvalidArgument, the module left as it was, naming the first of the missing, the
/// unexpected and the misshapen entries and how many there are, or a layer of `except` that the
/// module doesn't have. `file` names the origin.
absl::Status LoadWeights(const NamedTensors& tensors, const std::string& file,
                         torch::nn::Module* module, const std::vector<std::string>& except = {});

}  // namespace pdarts

#endif  // PDARTS_RUNS_WEIGHTS_H_
