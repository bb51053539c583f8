#ifndef PDARTS_NN_KERNELS_GROUPED_PLAN_H_
#define PDARTS_NN_KERNELS_GROUPED_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/batch_norm_args.h"
#include "pdarts/nn/kernels/cell_inputs.h"
#include "pdarts/nn/kernels/convolution.h"
#include "pdarts/nn/kernels/dropout.h"
#include "pdarts/nn/kernels/mixed_cell.h"
#include "pdarts/nn/kernels/node_sum.h"

namespace pdarts::nn {

/// The plan by which grouped and batched operators compute the operations of a mixed cell together.
/// As with CellPlan, each forward pass makes a plan of its own, its backward pass uses the same
/// plan, and nothing changes it. A plan only computes sizes and places, and converts dropout masks
/// and image scales to the types in which they are used.
///
/// A node is a sum of terms. The inputs of the cell are the first level, and each other node is a
/// level of its own. The first convolutions of all operations that leave a level are computed
/// together (Batch), and so are the second ones. The last batch normalizations and the sums of all
/// operations that end at a node are computed together.
struct GroupedPlan : CellInputs {
  /// A ReLU-conv-BN: a ReLU, a convolution and a batch normalization.
  struct Convolution {
    ReluConvolution convolution;
    BatchNormArgs batch_norm;
    size_t first_input = 0;  ///< place of its first weight among autograd_inputs
  };

  /// An operation of one or two ReLU-conv-BNs.
  struct Chain {
    int source = 0;
    int node = 0;
    std::vector<Convolution> convolutions;
  };

  /// Convolutions of different chains that one grouped convolution computes, with the depthwise
  /// convolutions before them.
  struct Batch {
    ConvolutionKind kind = ConvolutionKind::kSeparable;
    size_t place_in_chain = 0;  ///< 0: first convolutions; 1: second ones
    std::vector<int> chains;    ///< their results are concatenated along the channels
    int64_t in_channels = 0;    ///< of each chain
    int64_t stride = 1;
    int64_t dilation = 1;
    int64_t kernel = 1;  ///< kSeparable: the maximum of the depthwise kernels; kDense: of all
    /// kSeparable: whether there are depthwise kernels of 3 and of 5. The smaller kernels get a
    /// margin of zeros.
    bool is_mixed = false;
    bool has_bias = false;
    /// Second convolutions: position of the first batch normalization before them among the inner
    /// normalizations of the cell.
    int64_t first_inner = 0;
    int64_t size() const { return static_cast<int64_t>(chains.size()); }
    int64_t padding() const { return dilation * (kernel / 2); }
  };

  struct Pool {
    int source = 0;
    CellOperation::Kind kind = CellOperation::Kind::kMaxPool;
    int64_t stride = 1;
  };

  /// One summand of a node.
  struct Term {
    enum class Value { kSource, kPool, kChain };
    Value value = Value::kSource;
    int number = 0;  ///< of the node, of the pool, or of the chain
    int64_t coefficient = 0;
    at::Tensor image_scale;    ///< `[N]` float32 on the cell's device, or undefined
    BatchNormArgs batch_norm;  ///< of a normalized term
    size_t affine_input = 0;   ///< place of the normalization's weight among autograd_inputs
    /// Of a source with a dropout mask: the mask, with the type and the device of the source.
    at::Tensor gate;
    double scale = 1;              ///< of a source
    std::optional<int64_t> place;  ///< of a source with dropout on a device (Masks::Place)
  };

  struct Node {
    int64_t channels = 0, height = 0, width = 0;
    int place_in_output = -1;      ///< -1: not in the output
    std::vector<int> pools;        ///< that read it
    bool has_chains = false;       ///< whether a chain starts at it
    std::vector<Term> normalized;  ///< with a batch normalization
    std::vector<Term> plain;       ///< without a batch normalization
    int64_t first_normalized = 0;  ///< place of its first normalized term among those of the cell
  };

  /// No value if the operators cannot compute the cell:
  /// - a batch normalization computes its statistics over several processes;
  /// - batch normalizations of the cell differ in their settings;
  /// - an operation has more than two convolutions, or its second one is not a depthwise
  ///   convolution of stride 1 before a pointwise one;
  /// - two operations share a coefficient;
  /// - dropouts on a device differ in their rates, or in the counters of their masks.
  ///
  /// inputs: of the cell, `[N,C,H,W]`. Sets autograd_inputs to the coefficients, the inputs, and
  /// the parameters of the operations, in this order. Some are undefined. Dies if the arguments do
  /// not fit each other.
  static std::optional<GroupedPlan> Make(const MixedCellArgs& cell,
                                         const std::vector<at::Tensor>& inputs,
                                         const at::Tensor& coefficients,
                                         std::vector<at::Tensor>& autograd_inputs);

  /// The sum of terms as a cell whose inputs are the values of the terms. No value in the cases of
  /// Make, or if a normalized term has dropout.
  static std::optional<GroupedPlan> OfSum(const std::vector<NodeTerm>& terms,
                                          const at::Tensor& coefficients,
                                          std::vector<at::Tensor>& autograd_inputs);

  /// The batch normalizations: first those between two convolutions of a chain, in the order of
  /// Batch::first_inner, and then those of the terms, in the order of Node::first_normalized.
  std::vector<const BatchNormArgs*> BatchNorms() const;

  bool is_input(int node) const { return node < num_inputs; }
  int num_nodes() const { return static_cast<int>(nodes.size()); }

  int num_inputs = 0;
  int64_t images = 0;
  int64_t num_coefficients = 0;
  /// The sizes of the nodes that are not inputs.
  int64_t channels = 0, height = 0, width = 0;
  std::vector<Node> nodes;
  std::vector<Chain> chains;
  std::vector<Pool> pools;
  std::vector<Batch> batches;
  std::vector<std::vector<size_t>> firsts;   ///< [level]: batches of the first convolutions
  std::vector<std::vector<size_t>> seconds;  ///< [level]: batches of the second convolutions
  int64_t num_inner = 0;                     ///< batch normalizations inside of chains
  int64_t num_normalized = 0;                ///< terms
  BatchNormArgs settings;                    ///< of all batch normalizations, without tensors
  bool is_affine = false;                    ///< whether some have weight and bias
  /// Of the terms with a place: the rate and the masks' counter.
  std::optional<DeviceDropout> dropout;

 private:
  /// like: has the device and the type of the values.
  bool Add(const CellEdge& edge, const CellOperation& operation, const at::Tensor& like,
           std::vector<at::Tensor>& autograd_inputs);
  bool Take(const BatchNormArgs& batch_norm);
  /// Sets the dropout of a term whose value has the sizes and the type of `value`. The arguments
  /// are those of CellOperation and NodeTerm.
  bool TakeDropout(const at::Tensor& mask, double scale,
                   const std::optional<DeviceDropout>& on_device, const at::Tensor& value,
                   Term* term);
  /// Adds a term that `batch_norm` normalizes, with the weight and the bias of `batch_norm`.
  static void AddNormalized(Node* node, Term term, const BatchNormArgs& batch_norm,
                            std::vector<at::Tensor>& autograd_inputs);
  int AddPool(int source, const CellOperation& operation);
  bool AddChain(Term term, const CellEdge& edge, const CellOperation& operation,
                std::vector<at::Tensor>& autograd_inputs);
  /// Adds the convolution to a fitting batch of `batches`, or to a new one.
  void AddToBatch(std::vector<size_t>& of, int chain, size_t place_in_chain, int64_t in_channels);
  void NumberTerms();

  bool has_settings_ = false;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_GROUPED_PLAN_H_
