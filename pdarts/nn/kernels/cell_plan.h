#ifndef PDARTS_NN_KERNELS_CELL_PLAN_H_
#define PDARTS_NN_KERNELS_CELL_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/batch_norm_args.h"
#include "pdarts/nn/kernels/cell_inputs.h"
#include "pdarts/nn/kernels/mixed_cell.h"
#include "pdarts/nn/kernels/packing.h"

namespace pdarts::nn {

/// The computation of a mixed cell and its order. CellForward and CellBackward read the plan, and
/// nothing changes it.
///
/// Each forward pass of a cell makes a plan of its own from the arguments of the cell, because the
/// arguments hold tensors of this pass, such as dropout masks. The backward pass uses the plan of
/// its forward pass. A plan costs little: it only computes sizes and places. It refers to the
/// weights and does not copy them. Only image scales (N numbers for each edge) are copied, and
/// dropout masks that are not channels-last.
///
/// A node is a sum of terms. A term is a source (an earlier node) itself, or the value of an
/// operation on a source, which is batch-normalized in most cases. The value of an operation before
/// its last batch normalization is called its pre-normalization value. Memory holds this value.
struct CellPlan : CellInputs {
  /// A ReLU, a convolution and a batch normalization.
  struct Convolution {
    ReluConvolution convolution;
    BatchNormArgs batch_norm;
    ConvolutionDescription description;
    size_t first_input = 0;  ///< place of its first weight among autograd_inputs
    const ConvolutionShape& shape() const { return description.shape; }
  };

  /// Computes a pre-normalization value with the shape of the cell's nodes from a source.
  struct Operation {
    int source = 0;
    CellOperation::Kind kind = CellOperation::Kind::kConvolution;  ///< never kIdentity
    /// kConvolution: ReLU-conv-BNs. The batch normalization of the last one belongs to the term.
    std::vector<Convolution> chain;
    int64_t stride = 1;  ///< pools
    /// Whether a batch normalization behind the operation normalizes by the statistics of the
    /// batch.
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
    /// The scale of the term's edge for each image; empty: 1.
    std::vector<double> image_scale;
    double ScaleOf(int64_t image) const { return image_scale.empty() ? 1 : image_scale[image]; }
  };

  struct Node {
    int64_t channels = 0, height = 0, width = 0;
    int place_in_output = -1;     ///< -1: in memory of its own
    std::vector<int> terms;       ///< their sum is the node; empty for an input of the cell
    std::vector<int> operations;  ///< that read it
    std::vector<int> identities;  ///< terms that are this node itself
    bool is_consumed() const { return !operations.empty() || !identities.empty(); }
    int64_t pixels() const { return height * width; }
  };

  /// inputs: of the cell, `[N,C,H,W]`. Sets autograd_inputs to the coefficients, the inputs, and
  /// the parameters of the operations, in this order. Some are undefined. Dies if the arguments do
  /// not fit each other.
  CellPlan(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
           const at::Tensor& coefficients, std::vector<at::Tensor>& autograd_inputs);

  bool is_input(int node) const { return node < num_inputs; }
  int num_nodes() const { return static_cast<int>(nodes.size()); }
  /// The groups of nodes whose operations are computed together. The forward pass takes them in
  /// this order, and the backward pass in reverse order. The inputs of the cell are the first
  /// group, and each other node is a group of its own.
  std::vector<std::vector<int>> groups() const;
  /// Operations on these nodes.
  std::vector<int> OperationsOn(const std::vector<int>& sources) const;

  int num_inputs = 0;
  int64_t images = 0;
  int64_t num_coefficients = 0;
  int64_t outputs = 0;  ///< nodes in the output
  /// The sizes of the nodes that are not inputs.
  int64_t channels = 0, height = 0, width = 0;
  std::vector<Node> nodes;
  std::vector<Operation> operations;
  std::vector<Term> terms;
  /// BatchNormArgs::communicator of the batch normalizations in training mode.
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
