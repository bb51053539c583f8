#ifndef PDARTS_NN_KERNELS_CELL_VALUES_H_
#define PDARTS_NN_KERNELS_CELL_VALUES_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/batch.h"
#include "pdarts/nn/kernels/cell_plan.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/kernel_table.h"
#include "pdarts/nn/kernels/normalization.h"
#include "pdarts/nn/kernels/packing.h"

namespace pdarts::nn {

/// The values from the forward pass of a mixed cell that its backward pass needs. S: the storage
/// type; A: the accumulator type.
template <typename S, typename A>
struct CellValues {
  struct Convolution {
    PackedConvolution<A> packed;
    at::Tensor value;  ///< the pre-normalization value, channels-last
    ChannelStatistics statistics;
    /// The normalization behind the convolution. Not for the last convolution of a chain, whose
    /// normalization belongs to the term.
    Normalization normalization;
    std::vector<A> scale, shift, mean;  ///< of this normalization
  };
  struct Operation {
    std::vector<Convolution> chain;
    at::Tensor pooled;  ///< pools, channels-last
    ChannelStatistics pooled_statistics;
    const at::Tensor& value() const { return chain.empty() ? pooled : chain.back().value; }
    const ChannelStatistics& statistics() const {
      return chain.empty() ? pooled_statistics : chain.back().statistics;
    }
  };

  std::vector<Operation> operations;          ///< as CellPlan::operations
  std::vector<Normalization> normalizations;  ///< as CellPlan::terms; empty where none
  std::vector<double> coefficients;
  std::vector<at::Tensor> inner_nodes;  ///< of nodes that are not in the output, in their order
};

/// The part of the output for a node. place: CellPlan::Node::place_in_output.
template <typename S>
Batch<S> PartOfOutput(const CellPlan& plan, const at::Tensor& out, int place) {
  return {const_cast<S*>(ConstData<S>(out)) + place * plan.channels, plan.channels, plan.height,
          plan.width, plan.outputs * plan.channels};
}

/// The memory of each node's value. inputs, out: channels-last.
template <typename S>
std::vector<Batch<S>> PlaceNodes(const CellPlan& plan, const std::vector<at::Tensor>& inputs,
                                 const std::vector<at::Tensor>& inner_nodes,
                                 const at::Tensor& out) {
  std::vector<Batch<S>> nodes;
  size_t inner = 0;
  for (int node = 0; node < plan.num_nodes(); ++node) {
    const int place = plan.nodes[node].place_in_output;
    nodes.push_back(plan.is_input(node) ? WholeBatch<S>(inputs[node])
                    : place < 0         ? WholeBatch<S>(inner_nodes[inner++])
                                        : PartOfOutput<S>(plan, out, place));
  }
  return nodes;
}

/// The value of a term's source or operation in an image.
template <typename S, typename A>
Pixels<const S> TermValues(const CellPlan::Term& term, const CellValues<S, A>& values,
                           const std::vector<Batch<S>>& nodes, int64_t image) {
  if (term.operation < 0) return Const(nodes[term.source].image(image));
  return Const(WholeBatch<S>(values.operations[term.operation].value()).image(image));
}

/// The dropout mask of a term in an image; null data if the term has none.
inline Pixels<const uint8_t> TermMask(const CellPlan& plan, const CellPlan::Term& term,
                                      int64_t image) {
  if (!term.mask.defined()) return {nullptr, 0};
  return {term.mask.const_data_ptr<uint8_t>() + image * plan.height * plan.width * plan.channels,
          plan.channels};
}

/// The factor of a term's channels in each image.
template <typename A>
class TermFactor {
 public:
  TermFactor() = default;
  /// of_channels: whole vectors, without the scales of the images.
  TermFactor(const CellPlan::Term& term, const std::vector<A>& of_channels) {
    if (term.image_scale.empty()) {
      factors_ = of_channels;
      return;
    }
    stride_ = static_cast<int64_t>(of_channels.size());
    for (const double scale : term.image_scale) {
      for (const A factor : of_channels) factors_.push_back(static_cast<A>(scale) * factor);
    }
  }
  const A* OfImage(int64_t image) const { return factors_.data() + image * stride_; }

 private:
  std::vector<A> factors_;
  int64_t stride_ = 0;  ///< 0: the same for all images
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_CELL_VALUES_H_
