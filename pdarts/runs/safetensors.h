#ifndef PDARTS_RUNS_SAFETENSORS_H_
#define PDARTS_RUNS_SAFETENSORS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/runs/weights_file.h"

namespace pdarts {

/// The content of a file that holds tensors in the safetensors format (a JSON header and raw
/// little-endian bytes, nothing to execute), which Python's `safetensors.torch.load_file` reads.
/// Names are kept in the order given.
/// \error kInvalidArgument for a dtype that ElementTypeOf doesn't know, a name given twice, or a
/// tensor that is called `__metadata__`.
absl::StatusOr<std::string> EncodeSafetensors(const NamedTensors& tensors,
                                              const WeightsMetadata& metadata = {});

/// Whether a file that begins with these bytes claims to be one. 9 bytes suffice.
bool IsSafetensors(absl::string_view beginning);

/// Reads all tensors of a safetensors file, in the order of their data, and its metadata. What the
/// file says of sizes is checked against its own before memory is taken: the tensors' bytes must
/// fill the data without gap and overlap.
/// \error kNotFound if there is no such file; kUnknown if reading fails; kDataLoss naming what is
/// wrong with what was read.
absl::StatusOr<WeightsFile> ReadSafetensors(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_RUNS_SAFETENSORS_H_
