#ifndef PDARTS_NN_KERNELS_GROUPED_BACKWARD_H_
#define PDARTS_NN_KERNELS_GROUPED_BACKWARD_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/device/operators.h"
#include "pdarts/nn/kernels/grouped_plan.h"
#include "pdarts/nn/kernels/grouped_values.h"

namespace pdarts::nn {

/// Computes the gradients of a cell, without autograd, from its plan and the values of its forward
/// pass. It does not change the values.
class GroupedBackward {
 public:
  /// gradient: of the output. wants: which inputs of autograd need a gradient. type: of
  /// coefficients and parameters. The plan and the values must outlive the object.
  GroupedBackward(const GroupedPlan& plan, const GroupedValues& values, const at::Tensor& gradient,
                  std::vector<bool> wants, c10::ScalarType type);

  /// The gradients of the inputs of autograd. A gradient is undefined if it is not wanted, or if
  /// the output does not depend on the input. Gradients of parameters may share memory.
  std::vector<at::Tensor> Run();

 private:
  /// Gradients of the parameters of a batch.
  struct OfBatch {
    at::Tensor depthwise, weight, bias;
    at::Tensor norm_weight, norm_bias;  ///< of the batch normalizations before the ReLU
  };
  struct OfNode {
    at::Tensor term_weights, term_biases;  ///< `[T*C]`
  };

  bool WantsNode(int node) const { return !plan_.is_input(node) || wants_[1 + node]; }
  bool WantsCoefficients() const { return wants_[0]; }
  /// Whether a parameter of a convolution of the batch needs a gradient.
  bool WantsOf(const GroupedPlan::Batch& batch, GroupedPlan::ConvolutionInput parameter) const;

  /// The operations on nodes whose consumers are finished.
  void Level(size_t level, const std::vector<int>& sources);
  void FirstBackward(size_t number);
  void SecondBackward(size_t number);
  /// Takes the gradients of the newest results of the chains of a batch, concatenated along the
  /// channels; undefined if the output depends on none of them.
  at::Tensor TakeChainGradients(const GroupedPlan::Batch& batch);
  /// The gradient of GroupedValues::OfBatch::input; undefined if it is not wanted.
  at::Tensor ConvolveBackward(size_t number, const at::Tensor& gradient, bool wants_input);
  void NodeBackward(int node);
  void NormalizedBackward(int node, const at::Tensor& gradient);
  void PlainBackward(int node, const at::Tensor& gradient);
  /// The value of a plain term.
  const at::Tensor& ValueOf(const GroupedPlan::Term& term) const;
  void PoolBackward(int number);

  void WriteCoefficients(std::vector<at::Tensor>* results) const;
  void WriteTermAffine(std::vector<at::Tensor>* results) const;
  void WriteBatches(std::vector<at::Tensor>* results);
  /// Converts the gradients of the batches to the type of the parameters.
  void CastBatches();
  /// The gradients of the smaller kernels of mixed batches: one row for each channel of each batch,
  /// or undefined.
  at::Tensor SmallKernels() const;

  const GroupedPlan& plan_;
  const GroupedValues& values_;
  const at::Tensor gradient_;
  const std::vector<bool> wants_;
  const c10::ScalarType type_;
  /// [node], [pool]: the summands of the gradient. A gradient that comes through the ReLU of a node
  /// has the node's positive values as its gate.
  std::vector<std::vector<operators::Summand>> to_nodes_, to_pools_;
  std::vector<at::Tensor> to_chains_;  ///< [chain]: the gradient of the newest result
  /// The plain terms with the gradients of their nodes. Their products are the gradients of the
  /// coefficients.
  std::vector<operators::Summand> plain_;
  std::vector<at::Tensor> plain_gradients_;
  std::vector<OfBatch> batches_;
  std::vector<OfNode> nodes_;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_GROUPED_BACKWARD_H_
