#include "pdarts/spaces/nasbench201/super_net.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/knob.h"
#include "pdarts/nn/mixed_node.h"
#include "pdarts/nn/operation.h"
#include "pdarts/spaces/nasbench201/cell.h"
#include "pdarts/spaces/nasbench201/skeleton.h"

namespace pdarts::nasbench201 {
namespace {

class SearchCell : public Block {
 public:
  SearchCell(int64_t channels, const CellCandidates& candidates, const Backend& backend,
             const at::Generator& generator)
      : backend_(backend) {
    const CellKind& kind = NasBench201Topology().kinds[0];
    graph_.num_inputs = 1;
    graph_.num_nodes = kNodes;
    graph_.edges = kind.edges;
    graph_.output_nodes = {kNodes - 1};
    const auto edges = register_module("edges", std::make_shared<torch::nn::Module>());
    for (size_t e = 0; e < candidates.size(); ++e) {
      const auto children =
          edges->register_module(absl::StrCat(kind.edges[e].to, "<-", kind.edges[e].from),
                                 std::make_shared<torch::nn::Module>());
      nn::EdgeOperations& operations = operations_.emplace_back();
      for (const int operation : candidates[e]) {
        operations.push_back(children->register_module(
            absl::StrCat(operation), MakeCellOperation(kind.operations[operation], channels,
                                                       /*affine=*/false, backend, generator)));
      }
    }
  }

  at::Tensor Forward(const at::Tensor& x, const at::Tensor& probabilities,
                     const ForwardContext& context) const override {
    return nn::MixedNodes(graph_, operations_, {x}, probabilities, context, backend_);
  }

 private:
  const Backend backend_;
  nn::MixedGraph graph_;
  std::vector<nn::EdgeOperations> operations_;  ///< [edge]
};

class Nasbench201SuperNet : public SuperNet {
 public:
  Nasbench201SuperNet(const Candidates& candidates, const SuperNetShape& shape,
                      const at::Generator& generator)
      : SuperNet(NasBench201Topology(), candidates, {"arch_parameters"}),
        shape_(shape),
        skeleton_(
            *this,
            {shape.cells, shape.channels, shape.image, shape.classes, shape.backend, generator},
            [&](int64_t channels) {
              return std::make_shared<SearchCell>(channels, candidates[0], shape.backend,
                                                  generator);
            }) {
    for (const Knob& knob : StandardKnobs()) DeclareKnob(knob);
  }

  std::string Describe() const override {
    const int64_t num_alphas = alphas()[0].numel();
    return absl::StrCat("3 blocks of ", shape_.cells, " cells, channels ", shape_.channels, ", ",
                        2 * shape_.channels, ", ", 4 * shape_.channels,
                        ", candidates for each edge ", candidates()[0][0].size(), ", ",
                        CountParameters(*this) - num_alphas, " weights, ", num_alphas, " alphas");
  }

 private:
  at::Tensor DoForward(const at::Tensor& images, const ForwardContext& context) override {
    return skeleton_.Forward(images, ProbabilityTensor(0), context);
  }

  const SuperNetShape shape_;
  const Skeleton skeleton_;
};

}  // namespace

std::shared_ptr<SuperNet> MakeSuperNet(const Candidates& candidates, const SuperNetShape& shape,
                                       at::Generator generator) {
  return std::make_shared<Nasbench201SuperNet>(candidates, shape, generator);
}

}  // namespace pdarts::nasbench201
