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

/// The computation of an operation of a mixed cell, as data.
struct CellOperation {
  enum class Kind { kIdentity, kMaxPool, kAveragePool, kConvolution };
  struct ReluConvBn {
    ReluConvolution convolution;
    BatchNormArgs batch_norm;
  };

  Kind kind = Kind::kIdentity;
  /// kConvolution: one or more ReLU-conv-BNs (ReLU, convolution, batch normalization).
  std::vector<ReluConvBn> chain;
  /// Pools: 3x3, padding 1, with this stride (1 or 2, not checked), followed by this batch
  /// normalization (if it is set).
  int64_t stride = 1;
  std::optional<BatchNormArgs> batch_norm;
  /// Identity: uint8 `[N,C,H,W]` of 0 and 1, or undefined, and the scale of the elements that are
  /// kept.
  at::Tensor dropout_mask;
  double dropout_scale = 1;
  /// Identity, if the masks draw on a device: replaces the mask.
  std::optional<DeviceDropout> device_dropout;

  /// The index of the operation's coefficient.
  int64_t coefficient = 0;
};

/// The operations from one node to another. Operations that give zero are omitted.
struct CellEdge {
  int from = 0;
  int to = 0;
  std::vector<CellOperation> operations;
  /// `[N]` float32 on the CPU or on the device of the inputs, or undefined: the factor of the
  /// edge's sum for each image. It has no gradient.
  at::Tensor image_scale;
};

/// A cell: its nodes are sums over edges from earlier nodes.
struct MixedCellArgs {
  /// The first nodes are the inputs of the cell.
  int num_inputs = 0;
  int num_nodes = 0;
  std::vector<CellEdge> edges;
  /// The nodes whose values are concatenated along the channels to the output. They are not inputs.
  std::vector<int> output_nodes;
  /// The sizes of all nodes that are not inputs. A node without operations is 0.
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
};

/// The output `[N,outputs*C,H',W']` of a cell whose edges mix their operations with `coefficients`
/// (one-dimensional).
///
/// One function computes the complete cell, because its speed is limited by the moved memory.
/// Operations on one node share the ReLU and the pools of their input. A node is summed in one
/// pass, directly into the output. The values before the batch normalizations are kept for the
/// backward pass. The gradient of a node is gathered from all its consumers in one pass. NodeSum
/// has the formula.
///
/// inputs: `[N,C,H,W]`, in any memory format, float32, float64 or bfloat16; with REFERENCE and
/// GROUPED also float16. The result has the type of the inputs. With FUSED, it is channels-last.
///
/// Dies if there is no input. FUSED dies if shapes or types do not fit. GROUPED and REFERENCE die
/// if the value of a node does not have the channels and sides in `cell`; the operators of LibTorch
/// check other shapes and types, and throw c10::Error. Throws c10::Error as CheckCanNormalize, and
/// CommunicationError if an all-reduce fails.
at::Tensor MixedCell(const Backend& backend, const MixedCellArgs& cell,
                     const std::vector<at::Tensor>& inputs, const at::Tensor& coefficients);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_MIXED_CELL_H_
