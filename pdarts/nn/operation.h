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

/// An operation's output before the batch normalisation that ends it: what lets a node normalise,
/// weigh and add all its operations in one go.
struct PreNormalization {
  /// `[N,C,H',W']`; undefined when the output is zero whatever the input.
  at::Tensor value;
  /// What `value` still has to go through; null when `value` is the output itself.
  const BatchNorm* batch_norm = nullptr;
};

/// What may stand on an edge of a cell. An operation that draws random numbers takes them from
/// ForwardContext::masks, and one that goes by a knob of its own asks ForwardContext::KnobOr. The
/// functions of nn/kernels/dropout.h draw on the device of the network. The methods of Masks draw
/// on the CPU: then the operation copies what it draws to the device in each pass, and a step with
/// it cannot be captured as a CUDA graph.
class Operation : public torch::nn::Module {
 public:
  /// `[N,C,H,W]` -> `[N,C,H',W']`.
  virtual at::Tensor Forward(const at::Tensor& x, const ForwardContext& context) const = 0;

  /// Describes what Forward computes of `x`, as the layer or the module `path` of the module that
  /// is open. This is an operation's whole export: to ONNX, to Python, and with folded batch
  /// normalizations. An operation that doesn't describe itself can't be exported.
  virtual GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const {
    return builder->Unsupported(path);
  }

  /// What Forward gives before the last batch normalization; an operation without one, or one that
  /// doesn't know this form, gives its output.
  virtual PreNormalization PreNormalize(const at::Tensor& x, const ForwardContext& context) const {
    return {Forward(x, context), nullptr};
  }

  /// Whether it can be put as data for MixedCell. A cell that has an operation which can't is put
  /// together from PreNormalize.
  virtual bool has_cell_form() const { return false; }
  /// What it computes from an input of these sizes, as data for MixedCell, but for the coefficient.
  /// Draws a mask if it drops something. Dies unless has_cell_form().
  virtual CellOperation CellForm(at::IntArrayRef sizes, const ForwardContext& context) const;

  /// Whether the output is the input; drop path leaves such operations alone.
  virtual bool is_identity() const { return false; }
  /// Whether the output is zero whatever the input.
  virtual bool is_zero() const { return false; }
};

/// An operation that ends in a batch normalisation.
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

/// Forward of several operations, none of whose inputs depends on another one's output. Batch
/// normalizations that end them share one all-reduce where their statistics are taken over several
/// processes.
std::vector<at::Tensor> ForwardEach(const std::vector<const Operation*>& operations,
                                    const std::vector<at::Tensor>& inputs,
                                    const ForwardContext& context, const Backend& backend);

struct OperationOptions {
  int64_t channels = 0;
  int64_t stride = 1;
  /// Whether batch normalisations have weight and bias.
  bool affine = false;
  /// Whether pooling is followed by a batch normalisation without affine parameters (the DARTS
  /// space's super-network).
  bool pool_batch_norm = false;
  Backend backend;
  /// Where initial weights come from.
  at::Generator generator;
};

/// Makes an operation of this name: one of the built-in ones, or a registered one. Dies if there is
/// none of that name; spaces know their operations. Built-in (docs/algorithm.md, "The DARTS
/// space"): none, max_pool_3x3, avg_pool_3x3, skip_connect, sep_conv_3x3, sep_conv_5x5,
/// dil_conv_3x3, dil_conv_5x5; and noise, which draws from ForwardContext::masks in training and in
/// evaluation.
std::shared_ptr<Operation> MakeOperation(absl::string_view name, const OperationOptions& options);

using OperationMaker = std::function<std::shared_ptr<Operation>(const OperationOptions&)>;

/// Adds an operation for the spaces that name it; to be called before main(). Dies if there is one
/// of that name already.
bool RegisterOperation(absl::string_view name, OperationMaker maker);

/// Sorted.
std::vector<std::string> OperationNames();

/// ReLU, kxk convolution with padding k/2, batch normalisation. Children: `op.1`, `op.2`.
std::shared_ptr<Operation> MakeReluConvBn(int64_t in_channels, int64_t out_channels, int64_t kernel,
                                          int64_t stride, bool bias, bool affine,
                                          const Backend& backend, at::Generator generator);

/// ReLU; two 1x1 convolutions of stride 2 to half of the channels each, the second on the input
/// shifted by one row and one column; batch normalisation of both, concatenated. Children:
/// `conv_1`, `conv_2`, `bn`. Dies if out_channels is odd.
std::shared_ptr<Operation> MakeFactorizedReduce(int64_t in_channels, int64_t out_channels,
                                                bool affine, const Backend& backend,
                                                at::Generator generator);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_OPERATION_H_
