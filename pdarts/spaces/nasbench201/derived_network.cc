#include "pdarts/spaces/nasbench201/derived_network.h"

#include <utility>
#include <vector>

#include "ATen/ops/zeros_like.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/nn/operation.h"
#include "pdarts/spaces/nasbench201/cell.h"
#include "pdarts/spaces/nasbench201/skeleton.h"

namespace pdarts::nasbench201 {
namespace {

class DerivedCell : public Block {
 public:
  DerivedCell(int64_t channels, const CellArchitecture& architecture,
              const at::Generator& generator) {
    const auto children = register_module("layers", std::make_shared<torch::nn::Module>());
    for (const ArchitectureEdge& edge : architecture.edges()) {
      edges_.push_back(
          {edge.from(), edge.to(),
           children->register_module(absl::StrCat(edges_.size()),
                                     MakeCellOperation(edge.operation(), channels, /*affine=*/true,
                                                       REFERENCE, generator))});
    }
  }

  at::Tensor Forward(const at::Tensor& x, const at::Tensor&, const nn::Pass& pass) const override {
    std::vector<at::Tensor> nodes(kNodes);
    nodes[0] = x;
    for (const DerivedEdge& edge : edges_) {
      if (edge.operation->is_zero()) continue;
      const at::Tensor& from = nodes[edge.from];
      const at::Tensor out =
          edge.operation->Forward(from.defined() ? from : at::zeros_like(x), pass);
      at::Tensor& to = nodes[edge.to];
      to = to.defined() ? to + out : out;
    }
    return nodes.back().defined() ? nodes.back() : at::zeros_like(x);
  }

 private:
  struct DerivedEdge {
    int from;
    int to;
    std::shared_ptr<nn::Operation> operation;
  };
  std::vector<DerivedEdge> edges_;  ///< the edges into a node stand before those out of it
};

class DerivedNetwork : public Network {
 public:
  DerivedNetwork(const Architecture& architecture, const NetworkShape& shape,
                 const at::Generator& generator)
      : skeleton_(
            *this, {shape.cells, shape.channels, shape.image, shape.classes, REFERENCE, generator},
            [&](int64_t channels) {
              return std::make_shared<DerivedCell>(channels, architecture.cells(0), generator);
            }) {}

 private:
  NetworkOutput DoForward(const at::Tensor& images) override {
    return {skeleton_.Forward(images, {}, {}), {}};
  }

  const Skeleton skeleton_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<Network>> MakeDerivedNetwork(const Architecture& architecture,
                                                            const NetworkShape& shape,
                                                            at::Generator generator) {
  PDARTS_RETURN_IF_ERROR(CheckImageSides(shape.image));
  return std::make_shared<DerivedNetwork>(architecture, shape, generator);
}

}  // namespace pdarts::nasbench201
