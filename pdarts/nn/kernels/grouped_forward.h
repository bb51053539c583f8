#ifndef PDARTS_NN_KERNELS_GROUPED_FORWARD_H_
#define PDARTS_NN_KERNELS_GROUPED_FORWARD_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/grouped_plan.h"
#include "pdarts/nn/kernels/grouped_values.h"

namespace pdarts::nn {

/// Computes the output of a cell, and the values for the backward pass, without autograd.
class GroupedForward {
 public:
  /// inputs: detached. The plan must outlive the object.
  GroupedForward(const GroupedPlan& plan, const std::vector<at::Tensor>& inputs,
                 const at::Tensor& coefficients);

  /// The output `[N,outputs*C,H,W]`, contiguous. Moves the running statistics. Throws c10::Error as
  /// CheckCanNormalize.
  at::Tensor Run();
  GroupedValues TakeValues() { return std::move(values_); }

 private:
  struct Normalized {
    at::Tensor value, mean, inverse_standard_deviation;
  };

  void AssembleWeights();
  void AssembleCoefficients();
  void AssembleStatistics();
  void MoveRunningStatistics();
  void ComputeLevel(size_t level, const std::vector<int>& sources);
  void ComputePool(int pool);
  void ComputeFirst(const GroupedPlan::Batch& batch, GroupedValues::OfBatch& values);
  void ComputeSecond(const GroupedPlan::Batch& batch, GroupedValues::OfBatch& values);
  /// Sets the newest results of the chains of a batch.
  void SetChainValues(const GroupedPlan::Batch& batch, const at::Tensor& of_all);
  at::Tensor Convolve(const GroupedPlan::Batch& batch, GroupedValues::OfBatch& values) const;
  void ComputeNode(int node);
  /// Computes the normalized terms of a node, and appends them to its summands.
  void ComputeNormalized(const GroupedPlan::Node& node, GroupedValues::OfNode& values,
                         std::vector<operators::Summand>* summands);
  /// first, count: positions among GroupedPlan::BatchNorms.
  Normalized Normalize(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       int64_t first, int64_t count);
  at::Tensor ValueOf(const GroupedPlan::Term& term) const;
  /// `[N,T]`. At least one of the terms has image scales.
  at::Tensor ImageScales(const std::vector<GroupedPlan::Term>& terms);

  const GroupedPlan& plan_;
  const std::vector<at::Tensor> inputs_;
  const at::Tensor coefficients_;
  const at::TensorOptions storage_;   ///< of activations
  const at::TensorOptions computed_;  ///< of coefficients and statistics
  GroupedValues values_;
  std::vector<at::Tensor> chain_values_;  ///< the newest result of each chain
  at::Tensor ones_;                       ///< `[N,1]`
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_GROUPED_FORWARD_H_
