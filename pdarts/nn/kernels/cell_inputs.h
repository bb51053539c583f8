#ifndef PDARTS_NN_KERNELS_CELL_INPUTS_H_
#define PDARTS_NN_KERNELS_CELL_INPUTS_H_

#include <cstddef>
#include <vector>

#include "ATen/core/Tensor.h"
#include "glog/logging.h"
#include "pdarts/nn/kernels/mixed_cell.h"

namespace pdarts::nn {

/// The order of the tensors that the autograd function of a cell takes. The plans of the fused and
/// of the grouped kernels have this order in common.
struct CellInputs {
  /// The inputs of autograd for a ReLU-conv-BN, in this order from Convolution::first_input.
  enum ConvolutionInput : size_t {
    kDepthwise,
    kWeight,
    kSecondWeight,
    kBias,
    kNormWeight,
    kNormBias,
  };

  /// Appends the inputs of a ReLU-conv-BN, and returns the place of the first one.
  static size_t Append(const CellOperation::ReluConvBn& from,
                       std::vector<at::Tensor>& autograd_inputs) {
    const size_t first = autograd_inputs.size();
    autograd_inputs.insert(
        autograd_inputs.end(),
        {from.convolution.depthwise, from.convolution.weight, from.convolution.second_weight,
         from.convolution.bias, from.batch_norm.weight, from.batch_norm.bias});
    return first;
  }

  /// Sets autograd_inputs to the coefficients and the inputs of the cell. Sets the sizes of the
  /// nodes, and the places of the nodes in the output of the cell. Dies if the arguments do not fit
  /// each other.
  /// Node: has `channels`, `height`, `width`, and `place_in_output`, which is -1.
  template <class Node>
  static void Begin(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
                    const at::Tensor& coefficients, std::vector<Node>& nodes,
                    std::vector<at::Tensor>& autograd_inputs) {
    CHECK(cell.num_inputs > 0 && static_cast<int>(inputs.size()) == cell.num_inputs &&
          cell.num_nodes > cell.num_inputs);
    CHECK_EQ(coefficients.dim(), 1);
    autograd_inputs = {coefficients};
    nodes.resize(cell.num_nodes);
    for (int i = 0; i < cell.num_nodes; ++i) {
      Node& node = nodes[i];
      if (i >= cell.num_inputs) {
        node.channels = cell.channels;
        node.height = cell.height;
        node.width = cell.width;
        continue;
      }
      const at::Tensor& input = inputs[i];
      CHECK(input.dim() == 4 && input.size(0) == inputs[0].size(0) &&
            input.scalar_type() == inputs[0].scalar_type());
      autograd_inputs.push_back(input);
      node.channels = input.size(1);
      node.height = input.size(2);
      node.width = input.size(3);
    }
    for (size_t place = 0; place < cell.output_nodes.size(); ++place) {
      const int node = cell.output_nodes[place];
      CHECK(node >= cell.num_inputs && node < cell.num_nodes) << node;
      CHECK_EQ(nodes[node].place_in_output, -1) << "node " << node << " is twice in the output";
      nodes[node].place_in_output = static_cast<int>(place);
    }
  }
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_CELL_INPUTS_H_
