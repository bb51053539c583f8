#ifndef PDARTS_WEIGHTS_TORCH_FILE_H_
#define PDARTS_WEIGHTS_TORCH_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/weights/weights_file.h"

namespace pdarts {

/// Reads the state dict of a checkpoint that Python's `torch.save` wrote (the zip format, PyTorch
/// 1.6 and later), in its order, as FindStateDict finds it. Also reads the metadata that
/// EncodeTorchFile wrote. The function executes no code of the file: the results of a pickle's
/// functions and classes are opaque. Reading takes at most 35 times the size of the file and 1 MiB
/// of memory, whatever the content is. The tensors are strided views on the CPU. Copies of the
/// tensors also stay within this limit.
/// \error kNotFound if the file cannot be read; kDataLoss naming what is damaged;
/// kResourceExhausted if reading would take more memory; kInvalidArgument saying what the file
/// holds if that is not a state dict.
absl::StatusOr<WeightsFile> ReadTorchFile(const std::string& path);

/// Reads a state dict in the format of `torch.save` before PyTorch 1.6, which newer versions write
/// with `_use_new_zipfile_serialization=False`. Such a file consists of some pickles, followed by
/// the bytes of the storages.
absl::StatusOr<WeightsFile> ReadLegacyTorchFile(const std::string& path);

/// Whether ReadLegacyTorchFile reads a file that begins with these bytes. 32 bytes suffice.
bool IsLegacyTorchFile(absl::string_view beginning);

/// The content of a file that holds a state dict. Python's `torch.load(path, weights_only=True)`
/// reads it as an OrderedDict. The metadata become the attribute `metadata` of the OrderedDict, a
/// dict.
/// \error kInvalidArgument for a dtype that ElementTypeOf does not know, or a repeated name.
absl::StatusOr<std::string> EncodeTorchFile(const NamedTensors& tensors,
                                            const WeightsMetadata& metadata);

}  // namespace pdarts

#endif  // PDARTS_WEIGHTS_TORCH_FILE_H_
