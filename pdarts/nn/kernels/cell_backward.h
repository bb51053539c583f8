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

/// The backward pass of a mixed cell: the groups of CellForward in reverse. The gradient of a node
/// is complete once all its consumers gave their part. The sums over it that the gradients of its
/// terms need (NodeSum has the formula) are taken while it is in the cache. A term's gradient is
/// then factor * g + slope * value + offset for each channel, with g the node's gradient, and is
/// never stored: the convolutions' backward computes it row by row.
///
/// Where several processes have the batch, these sums are taken over all of them, with one
/// all-reduce for all terms of a node, and one for all chains of a group at one place. Gradients of
/// coefficients and parameters are of this process's images: its part of a sum over the processes.
template <typename S, typename A>
class CellBackward {
 public:
  /// inputs, out, gradient (of the output): channels-last. keep: whether the values are needed for
  /// another backward pass. wants: of each of autograd's inputs, whether it needs a gradient. The
  /// references must outlive this object.
  CellBackward(const CellPlan& plan, const KernelTable<S, A>& loops, CellValues<S, A>& values,
               const std::vector<at::Tensor>& inputs, const at::Tensor& out,
               const at::Tensor& gradient, bool keep, std::vector<bool> wants);

  /// The gradients of autograd's inputs; undefined where not wanted.
  std::vector<at::Tensor> Run();

 private:
  using Convolution = typename CellValues<S, A>::Convolution;

  /// The gradient of a term's value from that of its node.
  struct TermGradient {
    TermFactor<A> factor;
    std::vector<A> slope, offset;
  };

  /// An operation through which a gradient that is wanted flows.
  struct Flow {
    int operation = 0;
    std::vector<int> terms;  ///< whose nodes have a gradient; one of a convolution
    /// Of a chain, between passes: the gradient behind the batch normalization of the convolution
    /// that is next, and how its pre-normalization value's gradient follows from it.
    Batch<S> behind;
    NormalizationGradients<A> gradients;
  };

  /// Sums of weight gradients of some convolutions, kept apart by chunk of a parallel loop.
  struct WeightSums {
    std::vector<WantedGradients> wanted;
    std::vector<int64_t> first;  ///< place of each convolution's sums
    int64_t size = 0;
    std::vector<A> sums;  ///< [chunks][size]
  };

  void RunGroup(const std::vector<int>& sources);
  std::vector<Flow> FlowsInto(const std::vector<int>& sources) const;
  /// Convolution `place` > 0 of each chain that is as long.
  void LaterPass(std::vector<Flow>& flows, size_t place);
  /// The first convolution of each chain, pools and identities.
  void FirstPass(const std::vector<int>& sources, const std::vector<Flow>& flows);

  AffineGradient<S, A> GradientOf(const Flow& flow, size_t place, int64_t image) const;
  void PoolBackward(const Flow& flow, int64_t image, std::vector<LinearTerm<S, A>>& linear,
                    S* memory, Plane<A> gradient) const;

  /// The terms of a node for which sums over its gradient are needed.
  std::vector<int> SummedTerms(int node) const;
  /// sums[0]: of the node's gradient; sums[1 + i]: of it times the deviation of terms[i].
  void NodeSums(const std::vector<int>& terms, int node, int64_t image,
                std::vector<LinearTerm<S, A>>& linear, A* sums) const;
  /// NodeSums of all images for a node whose gradient is known already.
  void SumsPass(int node);
  /// From the sums over images: the coefficients' gradients, and those of the terms.
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
  /// Whether anything up to convolution `place` of a chain needs the gradient of its value.
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
  std::vector<at::Tensor> memory_;  ///< that the batches lie in
  std::vector<double> coefficient_gradients_;
  std::vector<at::Tensor> results_;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_CELL_BACKWARD_H_
