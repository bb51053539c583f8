#ifndef PDARTS_NN_KERNELS_CELL_FORWARD_H_
#define PDARTS_NN_KERNELS_CELL_FORWARD_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/batch.h"
#include "pdarts/nn/kernels/cell_plan.h"
#include "pdarts/nn/kernels/cell_values.h"
#include "pdarts/nn/kernels/kernel_table.h"

namespace pdarts::nn {

/// The forward pass of a mixed cell, group by group (CellPlan::groups). Within a group, each image
/// is first summed if the group is a node. Then it goes through the first convolution of every
/// chain and through the pools. When the statistics of the batch are known, the images go through
/// the next convolution of every chain, and so on.
template <typename S, typename A>
class CellForward {
 public:
  /// inputs: of the plan, channels-last. The references must outlive this object.
  CellForward(const CellPlan& plan, const KernelTable<S, A>& loops,
              const std::vector<at::Tensor>& inputs, const at::Tensor& coefficients);

  /// The cell's output, channels-last.
  at::Tensor Run();

  /// The values for the backward pass. Call it after Run.
  CellValues<S, A> TakeValues() { return std::move(values_); }

 private:
  using Convolution = typename CellValues<S, A>::Convolution;

  /// Mean and sum of squared deviations of the channels of each image, [image][2][up], for each of
  /// some operations; empty if they are not wanted.
  using ImageStatistics = std::vector<std::vector<A>>;

  /// How a node is summed.
  struct Sum {
    std::vector<TermFactor<A>> factors;  ///< of the node's terms
    std::vector<A> offset;               ///< [images][up], or [up] for all images
    int64_t offset_stride = 0;
  };

  void RunGroup(const std::vector<int>& sources);
  Sum PrepareSum(int node) const;
  /// Sums the terms of a node for some pixels of an image. `linear` is only memory for the terms.
  void SumImage(int node, const Sum& sum, int64_t image, PixelRange range,
                std::vector<LinearTerm<S, A>>& linear) const;
  /// The first convolutions of the chains, and the pools. sum: for the node of the group, or null.
  void FirstPass(const std::vector<int>& sources, const std::vector<int>& operations,
                 const Sum* sum);
  /// Convolution `place` > 0 of each chain that has one.
  void LaterPass(const std::vector<int>& operations, size_t place);
  /// Statistics for the values of these operations. `place`: in a chain.
  ImageStatistics MakeStatistics(const std::vector<int>& operations, size_t place) const;
  bool WantsStatistics(const CellPlan::Operation& operation, size_t place) const;
  int64_t ChannelsOf(const CellPlan::Operation& operation, size_t place) const;
  /// Combines the statistics of the images to the statistics of the batch, with one all-reduce if
  /// several processes share the batch, and prepares the input of the next convolution.
  void FinishPass(const std::vector<int>& operations, size_t place,
                  const ImageStatistics& of_images);
  void NormalizeTerms(const std::vector<int>& operations);
  at::Tensor Empty(int64_t channels, int64_t height, int64_t width) const;
  int64_t Up(int64_t channels) const { return RoundUp(channels, loops_.lanes); }

  const CellPlan& plan_;
  const KernelTable<S, A>& loops_;
  const std::vector<at::Tensor>& inputs_;
  std::vector<Batch<S>> nodes_;
  CellValues<S, A> values_;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_CELL_FORWARD_H_
