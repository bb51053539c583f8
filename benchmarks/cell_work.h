#ifndef PDARTS_BENCHMARKS_CELL_WORK_H_
#define PDARTS_BENCHMARKS_CELL_WORK_H_

#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/mixed_cell.h"

namespace pdarts::nn {

/// The minimum work of a pass of a mixed cell.
struct PassWork {
  /// Bytes that are read from and written to main memory.
  double read_bytes = 0;
  double written_bytes = 0;
  /// Multiply-adds with the weights of 1x1 and dense convolutions. A bfloat16 dot product can
  /// compute these.
  double matrix = 0;
  /// All other useful multiply-adds: depthwise convolutions, pools, normalizations, sums.
  double other = 0;
  /// Multiply-adds that repeat what the forward pass did not keep. They are not useful work, and
  /// are not included in `matrix` and `other`.
  double recomputed = 0;
};

struct CellWork {
  PassWork forward;
  /// The backward pass of a step for the weights: the gradients of the weights of convolutions and
  /// of the inputs of the cell.
  PassWork weights;
  /// The backward pass of a step for the alphas: the gradients of the coefficients and of the
  /// inputs of the cell.
  PassWork alphas;
};

/// Counts the work of a cell in training from the CellPlan of the cell, by which the fused kernels
/// compute it.
///
/// Bytes. A batch normalization divides the work: its statistics (forward) or the sums over its
/// gradient (backward) need the values of all images before the first value after it can be
/// computed. So these tensors go through main memory, in the type of the inputs:
///   - the inputs and nodes of the cell, and the gradients of all of them;
///   - the pre-normalization value of each convolution, and the result of each pool, which all
///     edges from one source share;
///   - the gradient between two convolutions of a chain.
/// Each of them is read or written only once if the work can be done image by image:
///   - forward: a cell's input is read once for all of its convolutions and pools. A node is
///     written once and not read, because its convolutions follow while the image is in the cache.
///     A pre-normalization value is written once, and read once by what follows it: the next
///     convolution of the chain, or the node's sum. The result of a pool and the source of an
///     identity are read once by each sum that they are a term of.
///   - backward, sums of each node: its gradient is read once (or is in the cache, because it has
///     just been computed), and so is the value of each term whose sum is needed: every normalized
///     one, and in a step for the alphas all.
///   - backward of each source (the cell's inputs together are one): for the convolutions that are
///     not first in their chain, and then for the first ones with the pools and identities, the
///     gradient of each target node is read once, each pre-normalization value once, and the source
///     once if a convolution or a max pool reads it; the gradient of the source is written once.
/// Weights, coefficients and statistics are small, and are not counted.
///
/// Multiply-adds. The gradients of a convolution for its input and for its weights each cost as
/// much as the convolution. An addition, a multiplication or a comparison without the other
/// operation counts as one multiply-add, because it takes the same place in the processor. For each
/// value: statistics 2, a term of a node 1, a normalization 1, a pool 4 (two for the rows, two for
/// the columns), the gradient before a normalization 2, its sums 3.
///
/// `inputs` are `[N,C,H,W]`. Every node must lead to the output. Dies if the arguments do not fit
/// each other.
CellWork Count(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs);

}  // namespace pdarts::nn

#endif  // PDARTS_BENCHMARKS_CELL_WORK_H_
