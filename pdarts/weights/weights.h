#ifndef PDARTS_WEIGHTS_WEIGHTS_H_
#define PDARTS_WEIGHTS_WEIGHTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/weights/weights_file.h"

namespace torch::nn {
class Module;
}  // namespace torch::nn

namespace pdarts {

/// The parameters of a module, followed by its buffers. The tensors are views, not copies.
NamedTensors ModuleState(const torch::nn::Module& module);

/// Reads a file of weights: a safetensors file, or a file of Python's torch.save in the present
/// format or in the format before PyTorch 1.6. The first bytes tell the format. Prefixes that
/// wrappers of modules in Python put before every name are removed, with a note: `module.`
/// (DataParallel), `_orig_mod.` (torch.compile), and `model.`, `net.` or `network.` (attributes of
/// a LightningModule).
/// \error as ReadSafetensors, ReadTorchFile and ReadLegacyTorchFile; kInvalidArgument saying what
/// the file is if it has none of these formats.
absl::StatusOr<WeightsFile> ReadWeightsFile(const std::string& path);

/// The content of a file of weights. The ending of the path selects the format: .safetensors, .pt
/// or .pth.
/// \error kInvalidArgument for another ending; as EncodeSafetensors. Error messages begin with
/// `path`.
absl::StatusOr<std::string> EncodeWeights(const std::string& path, const NamedTensors& tensors,
                                          WeightsMetadata metadata = {});

/// Writes a file of weights atomically.
/// \error as EncodeWeights and WriteFileAtomically.
absl::Status WriteWeights(const std::string& path, const NamedTensors& tensors,
                          const WeightsMetadata& metadata = {});

/// Copies tensors into the parameters and buffers of a module, and converts them to the dtypes of
/// the module. Every tensor of the module must be there, and no other tensor except
/// `num_batches_tracked`, which these modules do not have. A prefix may be missing if
/// ReadWeightsFile would remove it from all names of the module. `except` names layers that stay
/// unchanged, whatever tensors the file has for them. A layer is one or more complete parts of a
/// name, as "classifier" in "classifier.weight" and "auxiliary_head.classifier.weight".
/// \error kInvalidArgument naming the first missing, unexpected and misshapen entries and their
/// numbers, or a layer of `except` that the module does not have. The module is then unchanged.
/// Error messages name `file`.
absl::Status LoadWeights(const NamedTensors& tensors, const std::string& file,
                         torch::nn::Module* module, const std::vector<std::string>& except = {});

}  // namespace pdarts

#endif  // PDARTS_WEIGHTS_WEIGHTS_H_
