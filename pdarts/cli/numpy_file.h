#ifndef PDARTS_CLI_NUMPY_FILE_H_
#define PDARTS_CLI_NUMPY_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

struct NumpyArray {
  std::string name;  ///< in a .npz file; empty for a .npy file
  std::vector<int64_t> shape;
  std::vector<double> values;  ///< the last index runs fastest
};

/// Whether the bytes begin like a .npy or .npz file.
bool IsNumpyFile(absl::string_view bytes);

/// Reads the arrays of a .npy or .npz file, in the order of the file. The elements are booleans,
/// integers or floats of any byte order. The function executes no code of the file. The arrays
/// together have at most 2^20 elements.
/// \error kDataLoss if the file is damaged; kInvalidArgument for elements of another type, such as
/// Python objects; kResourceExhausted for more elements.
absl::StatusOr<std::vector<NumpyArray>> ReadNumpyFile(absl::string_view bytes);

}  // namespace pdarts

#endif  // PDARTS_CLI_NUMPY_FILE_H_
