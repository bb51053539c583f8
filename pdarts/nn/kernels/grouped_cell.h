#ifndef PDARTS_NN_KERNELS_GROUPED_CELL_H_
#define PDARTS_NN_KERNELS_GROUPED_CELL_H_

#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/mixed_cell.h"
#include "pdarts/nn/kernels/node_sum.h"

/// The grouped kernels: the mixed cell and the sum of a node with as few operators as possible, for
/// devices whose speed is limited by the number of operators. GROUPED backends use them. They run
/// on every device.
///
/// Activations have the storage type: float32, float64, bfloat16 or float16. Each operator rounds
/// its result to the storage type. With bfloat16, the composition rounds at fewer places, because
/// it keeps the results of depthwise convolutions and of batch normalizations in float32.
/// Coefficients, statistics, and the gradients of parameters have the type of the parameters.
///
/// If GroupedPlan cannot describe a cell, the composition computes the cell. Gradients have no
/// graph: a backward pass with create_graph throws c10::Error.
namespace pdarts::nn::grouped {

/// nn::MixedCell. inputs: `[N,C,H,W]` of one type, in any memory format. coefficients:
/// one-dimensional. The result is `[N,outputs*C,H',W']` in the type of the inputs.
///
/// Dies if the arguments do not fit each other (GroupedPlan::Make). The plan does not check all
/// shapes and types of weights: the operators of LibTorch throw c10::Error if others do not fit.
/// Throws c10::Error as CheckCanNormalize. If the composition computes the cell, dies and throws as
/// composition::MixedCell.
at::Tensor MixedCell(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
                     const at::Tensor& coefficients);

/// nn::NodeSum. The values of the terms are `[N,C,H,W]` of one type, in any memory format, and
/// `coefficients` is `[n]`. The result has their shape and type.
///
/// Dies if there is no term, if the number of coefficients differs from the number of terms, or if
/// the values differ in shape or type. Throws c10::Error as CheckCanNormalize. If the composition
/// computes the sum, throws as composition::NodeSum.
at::Tensor NodeSum(const std::vector<NodeTerm>& terms, const at::Tensor& coefficients);

}  // namespace pdarts::nn::grouped

#endif  // PDARTS_NN_KERNELS_GROUPED_CELL_H_
