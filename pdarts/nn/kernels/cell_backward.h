#ifndef PDARTS_NN_KERNELS_CELL_BACKWARD_H_
#define PDARTS_NN_KERNELS_CELL_BACKWARD_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/cell_plan.h"
#include "pdarts/nn/kernels/cell_values.h"
#include "pdarts/nn/kernels/kernel_table.h"
#include "pdarts/nn/kernels/normalization.h"

namespace pdarts::nn {

/// The backward pass of a mixed cell: the groups of CellForward in reverse order. The gradient of a
/// node is complete when all consumers of the node have added their parts. While this gradient is
/// in the cache, the sums over it are computed that the gradients of the node's terms need (NodeSum
/// has the formula). The gradient of a term is then factor * g + slope * value + offset for each
/// channel, where g is the gradient of the node. The gradient of a term is never stored: the
/// backward loops of the convolutions compute it row by row.
///
/// If several processes share the batch, these sums are over all processes. One all-reduce sums all
/// terms of a node, and one sums all chains of a group at one place. The gradients of coefficients
/// and parameters are those of the images of this process: its part of a sum over the processes.
template <typename S, typename A>
class CellBackward {
 public:
  /// inputs, out, gradient (of the output): channels-last. keep: whether the values are needed for
  /// another backward pass. wants: for each input of autograd, whether it needs a gradient. The
  /// references must outlive this object.
  CellBackward(const CellPlan& plan, const KernelTable<S, A>& loops, CellValues<S, A>& values,
               const std::vector<at::Tensor>& inputs, const at::Tensor& out,
               const at::Tensor& gradient, bool keep, std::vector<bool> wants);

  /// The gradients of the inputs of autograd; undefined if they are not wanted.
  std::vector<at::Tensor> Run();

 private:
  using Convolution = typename CellValues<S, A>::Convolution;

  /// How the gradient of a term's value follows from the gradient of its node.
  struct TermGradient {
    TermFactor<A> factor;
    std::vector<A> slope, offset;
  };

  /// An operation for which a gradient is wanted.
  struct Flow {
    int operation = 0;
    std::vector<int> terms;  ///< terms whose nodes have a gradient; a convolution has one
    /// For a chain, between passes: the gradient behind the batch normalization of the next
    /// convolution, and how the gradient of the convolution's pre-normalization value follows from
    /// it.
    Batch<S> behind;
    NormalizationGradients<A> gradients;
  };

  /// Sums of the weight gradients of some convolutions, with separate sums for each chunk of a
  /// parallel loop.
  struct WeightSums {
    std::vector<WantedGradients> wanted;
    std::vector<int64_t> first;  ///< place of each convolution's sums
    int64_t size = 0;
    std::vector<A> sums;  ///< [chunks][size]
  };

  void RunGroup(const std::vector<int>& sources);
  std::vector<Flow> FlowsInto(const std::vector<int>& sources) const;
  /// Convolution `place` > 0 of each chain that has one.
  void LaterPass(std::vector<Flow>& flows, size_t place);
  /// The first convolutions of the chains, the pools and the identities.
  void FirstPass(const std::vector<int>& sources, const std::vector<Flow>& flows);

  AffineGradient<S, A> GradientOf(const Flow& flow, size_t place, int64_t image) const;
  void PoolBackward(const Flow& flow, int64_t image, std::vector<LinearTerm<S, A>>& linear,
                    S* memory, Plane<A> gradient) const;

  /// The terms of a node that need sums over its gradient.
  std::vector<int> SummedTerms(int node) const;
  /// Sums over some pixels of an image. sums[0]: the sum of the node's gradient. sums[1 + i]: the
  /// sum of the gradient times (value - mean) of terms[i].
  void NodeSums(const std::vector<int>& terms, int node, int64_t image, PixelRange range,
                std::vector<LinearTerm<S, A>>& linear, A* sums) const;
  /// NodeSums of all images, for a node whose gradient is already known.
  void SumsPass(int node);
  /// Computes the gradients of the coefficients and of the terms from the sums over the images.
  void FinishTerms(int node, const std::vector<int>& summed, const std::vector<A>& sums,
                   int64_t stride);

  WeightSums MakeWeightSums(const std::vector<Flow>& flows, size_t place, int64_t tasks) const;
  typename PackedConvolution<A>::Sums PlaceSums(WeightSums& sums, size_t i, const Convolution& c,
                                                int64_t chunk) const;
  void TakeWeightGradients(const std::vector<Flow>& flows, size_t place, WeightSums& sums);
  void TakeAffineGradients(size_t input, const std::vector<double>& weight,
                           const std::vector<double>& bias);

  bool WantsSource(int source) const { return !plan_.is_input(source) || wants_[1 + source]; }
  WantedGradients WantedOf(const CellPlan::Convolution& convolution) const;
  bool WantsAffine(size_t input) const { return wants_[input] || wants_[input + 1]; }
  /// Whether the gradient of the value of convolution `place` of a chain is needed, for this
  /// convolution or an earlier one.
  bool WantsConvolution(const CellPlan::Operation& operation, size_t place) const;
  bool WantsValue(const CellPlan::Operation& operation) const;
  bool NeedsSums(const CellPlan::Term& term) const;
  bool IsIn(const Flow& flow, size_t place) const;

  at::Tensor Empty(int64_t channels, int64_t height, int64_t width) const;
  int64_t Up(int64_t channels) const { return RoundUp(channels, loops_.lanes); }

  const CellPlan& plan_;
  const KernelTable<S, A>& loops_;
  CellValues<S, A>& values_;
  const at::Tensor gradient_;
  const bool keep_;
  const std::vector<bool> wants_;
  const std::vector<Batch<S>> nodes_;
  const std::vector<A> ones_;
  std::vector<std::vector<A>> means_;     ///< of the terms' normalizations
  std::vector<Batch<S>> node_gradients_;  ///< null data: zero
  std::vector<TermGradient> term_gradients_;
  std::vector<at::Tensor> memory_;  ///< of the batches
  std::vector<double> coefficient_gradients_;
  std::vector<at::Tensor> results_;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_CELL_BACKWARD_H_
