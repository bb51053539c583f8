#ifndef PDARTS_NN_OPERATION_H_
#define PDARTS_NN_OPERATION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/network_graph.h"
#include "pdarts/nn/kernels/mixed_cell.h"
#include "pdarts/nn/layers.h"
#include "torch/nn/module.h"

namespace pdarts::nn {

/// The output of an operation before the batch normalization that ends it. With this form, a node
/// can normalize, weight and add all its operations in one computation.
struct PreNormalization {
  /// `[N,C,H',W']`; undefined if the output is always zero.
  at::Tensor value;
  /// The batch normalization that must still be applied to `value`; null if `value` is the output.
  const BatchNorm* batch_norm = nullptr;
};

/// An operation that an edge of a cell may hold. An operation that draws random numbers gets them
/// from ForwardContext::masks, and an operation that depends on a knob of its own reads
/// ForwardContext::KnobOr. The functions of nn/kernels/dropout.h draw on the device of the network.
/// The methods of Masks draw on the CPU: then the operation copies the random numbers to the device
/// in each pass, and a step with the operation cannot be recorded as a CUDA graph.
class Operation : public torch::nn::Module {
 public:
  /// `[N,C,H,W]` -> `[N,C,H',W']`.
  virtual at::Tensor Forward(const at::Tensor& x, const ForwardContext& context) const = 0;

  /// Describes the computation of Forward for `x`, as the layer or the module `path` of the current
  /// module. The description is all that the export needs: to ONNX, to Python, and with folded
  /// batch normalizations. A network with an operation that does not describe itself cannot be
  /// exported.
  virtual GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const {
    return builder->Unsupported(path);
  }

  /// The output before the last batch normalization. An operation that has no batch normalization,
  /// or does not implement this form, returns its output.
  virtual PreNormalization PreNormalize(const at::Tensor& x, const ForwardContext& context) const {
    return {Forward(x, context), nullptr};
  }

  /// Whether the operation has a cell form, that is, data for MixedCell. If any operation of a cell
  /// has none, the cell is computed node by node from PreNormalize.
  virtual bool has_cell_form() const { return false; }
  /// The computation for an input of these sizes as data for MixedCell, without the coefficient.
  /// Draws a mask if the operation drops elements. Dies unless has_cell_form().
  virtual CellOperation CellForm(at::IntArrayRef sizes, const ForwardContext& context) const;

  /// Whether the output is the input. Drop path does not drop such operations.
  virtual bool is_identity() const { return false; }
  /// Whether the output is always zero.
  virtual bool is_zero() const { return false; }
};

/// An operation that ends with a batch normalization.
class NormalizedOperation : public Operation {
 public:
  explicit NormalizedOperation(const Backend& backend) : backend_(backend) {}

  /// The pre-normalization value, normalized.
  at::Tensor Forward(const at::Tensor& x, const ForwardContext& context) const final;
  PreNormalization PreNormalize(const at::Tensor& x,
                                const ForwardContext& context) const override = 0;

 protected:
  const Backend& backend() const { return backend_; }

 private:
  const Backend backend_;
};

/// Forward of several operations whose inputs do not depend on each other's outputs. If statistics
/// are computed over several processes, the batch normalizations at the ends of the operations
/// share one all-reduce.
std::vector<at::Tensor> ForwardEach(const std::vector<const Operation*>& operations,
                                    const std::vector<at::Tensor>& inputs,
                                    const ForwardContext& context, const Backend& backend);

struct OperationOptions {
  int64_t channels = 0;
  int64_t stride = 1;
  /// Whether batch normalizations have weight and bias.
  bool affine = false;
  /// Whether pools are followed by a batch normalization without weight and bias (as in
  /// super-networks of the DARTS space).
  bool pool_batch_norm = false;
  Backend backend;
  /// The source of the initial weights.
  at::Generator generator;
};

/// Makes the operation with this name: a built-in or a registered one. Dies if there is no such
/// operation, because spaces know their operations. Built-in operations (docs/algorithm.md, "The
/// DARTS space"): none, max_pool_3x3, avg_pool_3x3, skip_connect, sep_conv_3x3, sep_conv_5x5,
/// dil_conv_3x3, dil_conv_5x5; and noise, which draws from ForwardContext::masks in training and in
/// evaluation.
std::shared_ptr<Operation> MakeOperation(absl::string_view name, const OperationOptions& options);

using OperationMaker = std::function<std::shared_ptr<Operation>(const OperationOptions&)>;

/// Adds an operation for the spaces that name it. Call it before main(). Dies if there is already
/// an operation with this name.
bool RegisterOperation(absl::string_view name, OperationMaker maker);

/// The names of all operations, sorted.
std::vector<std::string> OperationNames();

/// ReLU, kxk convolution with padding k/2, batch normalization. Children: `op.1`, `op.2`.
std::shared_ptr<Operation> MakeReluConvBn(int64_t in_channels, int64_t out_channels, int64_t kernel,
                                          int64_t stride, bool bias, bool affine,
                                          const Backend& backend, at::Generator generator);

/// ReLU; two 1x1 convolutions of stride 2, each with half of the output channels, the second one on
/// the input shifted by one row and one column; batch normalization of the concatenation of both.
/// Children: `conv_1`, `conv_2`, `bn`. Dies if out_channels is odd.
std::shared_ptr<Operation> MakeFactorizedReduce(int64_t in_channels, int64_t out_channels,
                                                bool affine, const Backend& backend,
                                                at::Generator generator);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_OPERATION_H_
