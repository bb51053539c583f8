#ifndef PDARTS_WEIGHTS_SAFETENSORS_H_
#define PDARTS_WEIGHTS_SAFETENSORS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/weights/weights_file.h"

namespace pdarts {

/// The content of a file that holds tensors in the safetensors format. The format consists of a
/// JSON header and raw little-endian bytes, so that reading the file executes nothing. Python reads
/// the file with `safetensors.torch.load_file`. The names keep the given order.
/// \error kInvalidArgument for a dtype that ElementTypeOf does not know, a repeated name, or a
/// tensor that is called `__metadata__`.
absl::StatusOr<std::string> EncodeSafetensors(const NamedTensors& tensors,
                                              const WeightsMetadata& metadata = {});

/// Whether a file that begins with these bytes seems to be a safetensors file. 9 bytes suffice.
bool IsSafetensors(absl::string_view beginning);

/// Reads all tensors of a safetensors file, in the order of their data, and the metadata of the
/// file. Before memory is allocated, the sizes in the header are compared with the size of the
/// file: the bytes of the tensors must fill the data without gaps and overlaps.
/// \error kNotFound if there is no such file; kUnknown if reading fails; kDataLoss naming what is
/// wrong with the content.
absl::StatusOr<WeightsFile> ReadSafetensors(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_WEIGHTS_SAFETENSORS_H_
