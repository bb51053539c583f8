#ifndef PDARTS_BENCHMARKS_CELL_WORK_H_
#define PDARTS_BENCHMARKS_CELL_WORK_H_

#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/mixed_cell.h"

namespace pdarts::nn {

/// What a pass of a mixed cell costs at least.
struct PassWork {
  /// Bytes that come from main memory and go to it.
  double read_bytes = 0;
  double written_bytes = 0;
  /// Multiply-adds of the products with the weights of 1x1 and dense convolutions, which a
  /// bfloat16 dot product can compute.
  double matrix = 0;
  /// The other useful multiply-adds: depthwise convolutions, pools, normalizations, sums.
  double other = 0;
  /// Multiply-adds that compute again what the forward pass did not keep. They are not useful, and
  /// not part of `matrix` and `other`.
  double recomputed = 0;
};

struct CellWork {
  PassWork forward;
  /// The backward pass in a step for the weights: gradients of the convolutions' weights and of the
  /// cell's inputs.
  PassWork weights;
  /// The backward pass in a step for the alphas: gradients of the coefficients and of the cell's
  /// inputs.
  PassWork alphas;
};

/// Counts the work of a cell in training, from its description alone.
///
/// Bytes. A batch normalization divides the work: its statistics (forward) or the sums over its
/// gradient (backward) need the values of all images before the first value behind it can be
/// computed. So these tensors go through main memory, in the inputs' type:
///   - the cell's inputs and nodes, and the gradients of all of them;
///   - the pre-normalization value of each convolution, and the result of each pool, which all
///   edges
///     from one source share;
///   - the gradient between two convolutions of a chain.
/// Each is read or written once wherever one image at a time can be worked on:
///   - forward: a cell's input is read once for all of its convolutions and pools. A node is
///   written
///     once and not read, because its convolutions follow while the image is in the cache. A
///     pre-normalization value is written once, and read once by what follows it: the next
///     convolution of the chain, or the node's sum. The result of a pool and the source of an
///     identity are read once by each sum that they are a term of.
///   - backward, sums of each node: its gradient is read once (or is in the cache, because it has
///     just been computed), and so is the value of each term whose sum is needed: every normalized
///     one, and in a step for the alphas all.
///   - backward of each source (the cell's inputs together are one): for the convolutions that are
///     not first in their chain, and then for the first ones with the pools and identities, the
///     gradient of each target node is read once, each pre-normalization value once, and the source
///     once if a convolution or a max pool reads it; the gradient of the source is written once.
/// Weights, coefficients and statistics are small and not counted.
///
/// Multiply-adds. A convolution's gradients of its input and of its weights cost as much as the
/// convolution. An addition, a multiplication or a comparison alone counts as one, because it takes
/// the same place in the processor. For each value: statistics 2, a term of a node 1, a
/// normalization 1, a pool 4 (two for the rows, two for the columns), the gradient before a
/// normalization 2, its sums 3.
///
/// inputs: `[N,C,H,W]`. Every node must reach the output. Dies if a convolution doesn't fit.
CellWork Count(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs);

}  // namespace pdarts::nn

#endif  // PDARTS_BENCHMARKS_CELL_WORK_H_
