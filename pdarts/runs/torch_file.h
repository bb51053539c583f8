#ifndef PDARTS_RUNS_TORCH_FILE_H_
#define PDARTS_RUNS_TORCH_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/runs/weights_file.h"

namespace pdarts {

/// Reads the state dict of a checkpoint that Python's `torch.save` wrote (the zip format, PyTorch
/// 1.6 and later), in its order, as FindStateDict finds it, and the metadata that EncodeTorchFile
/// wrote. Executes nothing: what a pickle's functions and classes would make is opaque. Reading
/// takes at most 35 times the file's size and 1 MiB of memory, whatever the file holds. The tensors
/// are strided views, on the CPU; copies of them take no more than that either.
/// \error kNotFound if the file can't be read; kDataLoss naming what is damaged; kResourceExhausted
/// if it would take more memory; kInvalidArgument saying what the file holds if that is no state
/// dict.
absl::StatusOr<WeightsFile> ReadTorchFile(const std::string& path);

/// The same of the format that `torch.save` wrote before PyTorch 1.6, and still writes with
/// `_use_new_zipfile_serialization=False`: some pickles and the storages' bytes, one after the
/// other.
absl::StatusOr<WeightsFile> ReadLegacyTorchFile(const std::string& path);

/// Whether a file that begins with these bytes is one for ReadLegacyTorchFile. 32 bytes suffice.
bool IsLegacyTorchFile(absl::string_view beginning);

/// The content of a file that holds a state dict, which Python's
/// `torch.load(path, weights_only=True)` reads as an OrderedDict. Metadata become its attribute
/// `metadata`, a dict.
/// \error kInvalidArgument for a dtype that ElementTypeOf doesn't know or a name given twice.
absl::StatusOr<std::string> EncodeTorchFile(const NamedTensors& tensors,
                                            const WeightsMetadata& metadata);

}  // namespace pdarts

#endif  // PDARTS_RUNS_TORCH_FILE_H_
