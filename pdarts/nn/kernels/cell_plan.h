#ifndef PDARTS_NN_KERNELS_CELL_PLAN_H_
#define PDARTS_NN_KERNELS_CELL_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/batch_norm_args.h"
#include "pdarts/nn/kernels/mixed_cell.h"
#include "pdarts/nn/kernels/packing.h"

namespace pdarts::nn {

/// What a mixed cell computes, and in which order: made once from the cell's arguments, read by
/// CellForward and CellBackward, changed by neither.
///
/// A node is a sum of terms. A term is a source (an earlier node) itself, or the value of an
/// operation on a source, in most cases batch-normalized. An operation's value before its last
/// batch normalization is called its pre-normalization value. It is what memory holds.
struct CellPlan {
  /// Autograd's inputs of a ReLU-conv-BN, in this order from PlannedConvolution::first_input.
  enum ConvolutionInput : size_t {
    kDepthwise,
    kWeight,
    kSecondWeight,
    kBias,
    kNormWeight,
    kNormBias,
    kNumConvolutionInputs,
  };

  /// A ReLU, a convolution and a batch normalization.
  struct Convolution {
    ReluConvolution convolution;
    BatchNormArgs batch_norm;
    ConvolutionDescription description;
    size_t first_input = 0;  ///< place of its first weight among autograd_inputs
    const ConvolutionShape& shape() const { return description.shape; }
  };

  /// Computes a pre-normalization value of the cell's node shape from a source.
  struct Operation {
    int source = 0;
    CellOperation::Kind kind = CellOperation::Kind::kConvolution;  ///< never kIdentity
    /// kConvolution: ReLU-conv-BNs, of which the last one's batch normalization is the term's.
    std::vector<Convolution> chain;
    int64_t stride = 1;  ///< pools
    /// Whether a batch normalization behind it normalizes by the batch's statistics.
    bool wants_statistics = false;
    bool is_convolution() const { return kind == CellOperation::Kind::kConvolution; }
  };

  /// One summand of a node.
  struct Term {
    int node = 0;
    int source = 0;
    int operation =
        -1;  ///< -1: the source itself. A convolution has one term, a pool may have more.
    int64_t coefficient = 0;
    bool normalizes = false;
    BatchNormArgs batch_norm;
    size_t affine_input = 0;  ///< place of the normalization's weight among autograd_inputs
    at::Tensor mask;          ///< of a source itself: uint8, channels-last, or undefined
    double scale = 1;         ///< of a source itself
    /// Of its edge, for each image; empty: 1.
    std::vector<double> image_scale;
    double ScaleOf(int64_t image) const { return image_scale.empty() ? 1 : image_scale[image]; }
  };

  struct Node {
    int64_t channels = 0, height = 0, width = 0;
    int place_in_output = -1;     ///< -1: in memory of its own
    std::vector<int> terms;       ///< that it is the sum of; none for an input of the cell
    std::vector<int> operations;  ///< on it
    std::vector<int> identities;  ///< terms that are this node itself
    bool is_consumed() const { return !operations.empty() || !identities.empty(); }
    int64_t pixels() const { return height * width; }
  };

  /// inputs: the cell's, `[N,C,H,W]`. Sets autograd_inputs to the coefficients, the inputs, then
  /// the parameters of the operations; some are undefined. Dies if the arguments do not fit each
  /// other.
  CellPlan(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
           const at::Tensor& coefficients, std::vector<at::Tensor>& autograd_inputs);

  bool is_input(int node) const { return node < num_inputs; }
  int num_nodes() const { return static_cast<int>(nodes.size()); }
  /// The nodes whose operations are computed together, forward in this order and backward in the
  /// reverse: the cell's inputs, then each other node alone.
  std::vector<std::vector<int>> groups() const;
  /// Operations on these nodes.
  std::vector<int> OperationsOn(const std::vector<int>& sources) const;

  int num_inputs = 0;
  int64_t images = 0;
  int64_t num_coefficients = 0;
  int64_t outputs = 0;  ///< nodes in the output
  /// Of the nodes that are not inputs.
  int64_t channels = 0, height = 0, width = 0;
  std::vector<Node> nodes;
  std::vector<Operation> operations;
  std::vector<Term> terms;
  /// BatchNormArgs::communicator of the batch normalizations that are in training.
  Communicator* communicator = nullptr;

 private:
  void AddEdge(const CellEdge& edge, std::vector<at::Tensor>& autograd_inputs);
  void AddIdentity(Term term, const CellOperation& operation);
  void AddConvolution(Term term, const CellOperation& operation,
                      std::vector<at::Tensor>& autograd_inputs);
  void AddPool(Term term, const CellOperation& operation, std::vector<at::Tensor>& autograd_inputs);
  int AddOperation(Operation operation);
  void AddTerm(Term term);
  void TakeCommunicator(const BatchNormArgs& batch_norm);
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_CELL_PLAN_H_
