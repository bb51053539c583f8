#ifndef PDARTS_NN_KERNELS_MIXED_CELL_H_
#define PDARTS_NN_KERNELS_MIXED_CELL_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"
#include "pdarts/nn/kernels/batch_norm_args.h"
#include "pdarts/nn/kernels/convolution.h"
#include "pdarts/nn/kernels/dropout.h"

namespace pdarts::nn {

/// What an operation of a mixed cell computes, as data.
struct CellOperation {
  enum class Kind { kIdentity, kMaxPool, kAveragePool, kConvolution };
  struct ReluConvBn {
    ReluConvolution convolution;
    BatchNormArgs batch_norm;
  };

  Kind kind = Kind::kIdentity;
  /// kConvolution: one or more ReLU, convolution, batch normalization.
  std::vector<ReluConvBn> chain;
  /// Pools: 3x3, padding 1, of this stride, then (unless absent) this batch normalisation.
  int64_t stride = 1;
  std::optional<BatchNormArgs> batch_norm;
  /// Identity: uint8 `[N,C,H,W]` of 0 and 1, or undefined; and what the others are scaled by.
  at::Tensor dropout_mask;
  double dropout_scale = 1;
  /// Identity, if the masks draw on a device: in the place of the mask.
  std::optional<DeviceDropout> device_dropout;

  /// Which of the coefficients weighs it.
  int64_t coefficient = 0;
};

/// Operations from one node to another; those that give zero are left out.
struct CellEdge {
  int from = 0;
  int to = 0;
  std::vector<CellOperation> operations;
  /// `[N]` float32 on the CPU or the inputs' device, or undefined: what the edge's sum is
  /// multiplied by for each image. Has no gradient.
  at::Tensor image_scale;
};

/// A cell of a super-network: nodes that are sums over edges from earlier nodes.
struct MixedCellArgs {
  /// The first nodes are the cell's inputs.
  int num_inputs = 0;
  int num_nodes = 0;
  std::vector<CellEdge> edges;
  /// Nodes that make the output, concatenated along the channels; not inputs.
  std::vector<int> output_nodes;
  /// Of every node that is not an input. A node that no operation reaches is 0.
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
};

/// The output `[N,outputs*C,H',W']` of a cell whose edges mix their operations with `coefficients`
/// (one-dimensional).
///
/// All of a cell is one function, because what bounds it is the memory that moves: operations of
/// one node share their input's ReLU and pools; a node is summed up in one pass, straight into the
/// output; what is kept for the backward pass is the values before the batch normalisations; and a
/// node's gradient is gathered from all its consumers in one pass. NodeSum has the formula.
///
/// inputs: `[N,C,H,W]`, float32 or float64, any memory format; with FUSED the result is
/// channels-last. Dies if shapes or dtypes don't fit.
at::Tensor MixedCell(const Backend& backend, const MixedCellArgs& cell,
                     const std::vector<at::Tensor>& inputs, const at::Tensor& coefficients);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_MIXED_CELL_H_
