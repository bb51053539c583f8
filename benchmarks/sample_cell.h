#ifndef PDARTS_BENCHMARKS_SAMPLE_CELL_H_
#define PDARTS_BENCHMARKS_SAMPLE_CELL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "c10/core/ScalarType.h"
#include "pdarts/nn/kernels/mixed_cell.h"

namespace pdarts::nn {

/// A mixed cell as in a search, with random inputs and weights.
struct SampleCell {
  MixedCellArgs args;
  std::vector<at::Tensor> inputs;  ///< `[N,C,H,W]`, channels-last
  at::Tensor coefficients;         ///< one for each operation of each edge, float32
  /// The weights of all convolutions, float32. `args` contains the same tensors.
  std::vector<at::Tensor> weights;
};

struct SampleCellShape {
  std::string space = "darts";  ///< "darts" (a normal cell: 14 edges) or "nasbench201" (6 edges)
  int64_t images = 32;
  int64_t channels = 16;
  int64_t side = 32;  ///< side of the images, in pixels
  c10::ScalarType storage = c10::kFloat;
};

/// The operations of a space's edges that compute something: all operations except `none`.
/// \error kNotFound if `space` is neither of the spaces above.
absl::StatusOr<std::vector<std::string>> SampleOperations(absl::string_view space);

/// A cell with these operations of the space on every edge. Dies if the space does not have an
/// operation with such a name.
SampleCell MakeSampleCell(const SampleCellShape& shape, const std::vector<std::string>& operations);

}  // namespace pdarts::nn

#endif  // PDARTS_BENCHMARKS_SAMPLE_CELL_H_
