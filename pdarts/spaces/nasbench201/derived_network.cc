#include "pdarts/spaces/nasbench201/derived_network.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/ones.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/network_graph.h"
#include "pdarts/nn/mixed_node.h"
#include "pdarts/nn/operation.h"
#include "pdarts/nn/operation_network.h"
#include "pdarts/spaces/nasbench201/cell.h"
#include "pdarts/spaces/nasbench201/skeleton.h"

namespace pdarts::nasbench201 {
namespace {

/// The chosen operations, each with the weight 1, are computed as a mixed cell.
class DerivedCell : public Block {
 public:
  DerivedCell(int64_t channels, const CellArchitecture& architecture, const Backend& backend,
              const at::Generator& generator)
      : backend_(backend) {
    graph_.num_inputs = 1;
    graph_.num_nodes = kNodes;
    graph_.output_nodes = {kNodes - 1};
    const auto children = register_module(kOperations, std::make_shared<torch::nn::Module>());
    for (const ArchitectureEdge& edge : architecture.edges()) {
      graph_.edges.push_back({edge.from(), edge.to()});
      names_.push_back(edge.operation());
      operations_.push_back(
          {children->register_module(absl::StrCat(operations_.size()),
                                     MakeCellOperation(edge.operation(), channels,
                                                       /*affine=*/true, backend, generator))});
    }
  }

  at::Tensor Forward(const at::Tensor& x, const at::Tensor&,
                     const ForwardContext& context) const override {
    return nn::MixedNodes(graph_, operations_, {x}, /*probabilities=*/{}, context, backend_);
  }

  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const override {
    return builder->Module(path, "Cell", {x}, [&](const std::vector<GraphValue>& inputs) {
      return nn::DescribeNodes(graph_, operations_, names_, kOperations, inputs, builder);
    });
  }

 private:
  static constexpr char kOperations[] = "layers";

  const Backend backend_;
  nn::MixedGraph graph_;
  std::vector<std::string> names_;              ///< name of the operation of each edge
  std::vector<nn::EdgeOperations> operations_;  ///< one for each edge
};

class DerivedNetwork : public Network {
 public:
  DerivedNetwork(const Architecture& architecture, const NetworkShape& shape,
                 const at::Generator& generator)
      : skeleton_(
            *this,
            {shape.cells, shape.channels, shape.image, shape.classes, shape.backend, generator},
            [&](int64_t channels) {
              return std::make_shared<DerivedCell>(channels, architecture.cells(0), shape.backend,
                                                   generator);
            }) {}

 private:
  NetworkOutput DoForward(const at::Tensor& images, const ForwardContext& context) override {
    return {skeleton_.Forward(images, {}, context), {}};
  }
  GraphOutput DoDescribe(GraphBuilder* builder) const override {
    return {skeleton_.Describe(builder), std::nullopt};
  }

  const Skeleton skeleton_;
};

}  // namespace

OperationPlaces DerivedOperationPlaces(const NetworkShape& shape) {
  ImageShape input = shape.image;
  input.channels = shape.channels;
  std::vector<OperationPlace> of_edge;
  for (int block = 0; block < kBlocks; ++block) {
    of_edge.push_back({input, /*stride=*/1, shape.cells});
    input.channels *= 2;
    input.height /= 2;
    input.width /= 2;
  }
  return {std::vector<std::vector<OperationPlace>>(kNumEdges, of_edge)};
}

std::shared_ptr<Network> MakeDerivedOperation(absl::string_view operation,
                                              const OperationPlace& place,
                                              const NetworkShape& shape, at::Generator generator) {
  return nn::MakeOperationNetwork(MakeCellOperation(operation, place.input.channels,
                                                    /*affine=*/true, shape.backend, generator),
                                  shape.backend);
}

absl::StatusOr<std::shared_ptr<Network>> MakeDerivedNetwork(const Architecture& architecture,
                                                            const NetworkShape& shape,
                                                            at::Generator generator) {
  PDARTS_RETURN_IF_ERROR(CheckImageSides(shape.image));
  return std::make_shared<DerivedNetwork>(architecture, shape, generator);
}

}  // namespace pdarts::nasbench201
