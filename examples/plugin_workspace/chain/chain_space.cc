#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "chain/chain_space.pb.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/edge_choices.h"
#include "pdarts/core/network.h"
#include "pdarts/core/network_graph.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/nn/layers.h"
#include "pdarts/nn/mixed_node.h"
#include "pdarts/nn/operation.h"

namespace example {
namespace {

namespace nn = pdarts::nn;

pdarts::Topology MakeTopology(int links) {
  pdarts::CellKind chain;
  chain.name = "chain";
  chain.operations = {"skip_connect", "avg_pool_3x3", "conv_1x1", "conv_3x3", "sep_conv_5x5"};
  for (int link = 0; link < links; ++link) chain.edges.push_back({link, link + 1});
  return {{chain}};
}

/// `[N,C,H,W]` -> `[N,C,H,W]`. affine: whether batch normalizations have weight and bias.
std::shared_ptr<nn::Operation> MakeLink(const std::string& name, int64_t channels, bool affine,
                                        const pdarts::Backend& backend,
                                        const at::Generator& generator) {
  for (const int64_t kernel : {1, 3}) {
    if (name == absl::StrCat("conv_", kernel, "x", kernel)) {
      return nn::MakeReluConvBn(channels, channels, kernel, /*stride=*/1, /*bias=*/false, affine,
                                backend, generator);
    }
  }
  nn::OperationOptions options;
  options.channels = channels;
  options.affine = affine;
  options.backend = backend;
  options.generator = generator;
  return nn::MakeOperation(name, options);
}

/// The layers before and after the chains in both networks: a convolution before them, and the mean
/// over the pixels and a classifier after them.
class Ends {
 public:
  /// Registers the children `stem`, `stem_norm` and `classifier` of `network`.
  Ends(torch::nn::Module& network, const pdarts::ImageShape& image, int channels, int classes,
       const at::Generator& generator) {
    nn::ConvolutionOptions options{image.channels, channels, /*kernel=*/3};
    options.padding = 1;
    stem_ = network.register_module("stem", std::make_shared<nn::Convolution>(options, generator));
    stem_norm_ = network.register_module(
        "stem_norm", std::make_shared<nn::BatchNorm>(channels, /*affine=*/true));
    classifier_ = network.register_module(
        "classifier", std::make_shared<nn::Linear>(channels, classes, generator));
  }

  /// `[N,image channels,H,W]` -> `[N,C,H,W]`.
  at::Tensor Begin(const at::Tensor& images, const pdarts::ForwardContext& context) const {
    return stem_norm_->Forward(stem_->Forward(images), context);
  }
  /// `[N,C,H,W]` -> `[N,classes]`.
  at::Tensor Finish(const at::Tensor& x) const {
    return classifier_->Forward(nn::GlobalAveragePool(x));
  }

  /// Descriptions of Begin and Finish, for export.
  pdarts::GraphValue DescribeBegin(pdarts::GraphBuilder* builder) const {
    const pdarts::GraphValue x = stem_->Describe(builder, "stem", builder->images());
    return stem_norm_->Describe(builder, "stem_norm", x);
  }
  pdarts::GraphValue DescribeFinish(pdarts::GraphBuilder* builder, pdarts::GraphValue x) const {
    x = builder->Add("", pdarts::graph::GlobalAveragePool{}, {x});
    return classifier_->Describe(builder, "classifier", x);
  }

 private:
  std::shared_ptr<nn::Convolution> stem_;
  std::shared_ptr<nn::BatchNorm> stem_norm_;
  std::shared_ptr<nn::Linear> classifier_;
};

class ChainSuperNet : public pdarts::SuperNet {
 public:
  ChainSuperNet(const pdarts::Topology& topology, const pdarts::Candidates& candidates,
                const pdarts::SuperNetShape& shape, const at::Generator& generator)
      : SuperNet(topology, candidates, /*alpha_names=*/{"alphas"}),
        backend_(shape.backend),
        ends_(*this, shape.image, shape.channels, shape.classes, generator) {
    const pdarts::CellKind& kind = topology.kinds[0];
    const int links = static_cast<int>(kind.edges.size());
    graph_.num_inputs = 1;
    graph_.num_nodes = links + 1;
    graph_.edges = kind.edges;
    graph_.output_nodes = {links};
    for (int c = 0; c < shape.cells; ++c) {
      const auto chain = register_module(absl::StrCat("chain", c), Folder());
      std::vector<nn::EdgeOperations>& operations = chains_.emplace_back();
      for (int e = 0; e < links; ++e) {
        const auto link = chain->register_module(absl::StrCat("link", e), Folder());
        nn::EdgeOperations& edge = operations.emplace_back();
        for (const int candidate : candidates[0][e]) {
          const std::string& name = kind.operations[candidate];
          edge.push_back(link->register_module(
              name, MakeLink(name, shape.channels, /*affine=*/false, backend_, generator)));
        }
      }
    }
    for (const pdarts::Knob& knob : Knobs()) DeclareKnob(knob);
  }

  static std::vector<pdarts::Knob> Knobs() {
    return {{pdarts::kSkipDropoutKnob, "probability of dropout on the output of skip_connect", 0, 1,
             0}};
  }

  std::string Describe() const override {
    return absl::StrCat(chains_.size(), " chains of ", graph_.edges.size(), " links, ",
                        candidates()[0][0].size(), " candidates a link, ",
                        pdarts::CountParameters(*this), " parameters");
  }

 private:
  static std::shared_ptr<torch::nn::Module> Folder() {
    return std::make_shared<torch::nn::Module>();
  }

  at::Tensor DoForward(const at::Tensor& images, const pdarts::ForwardContext& context) override {
    const at::Tensor probabilities = ProbabilityTensor(0);
    at::Tensor x = nn::AsStored(ends_.Begin(images, context), backend_.storage);
    for (size_t c = 0; c < chains_.size(); ++c) {
      x = nn::MixedNodes(graph_, chains_[c], {x}, probabilities,
                         context.At(static_cast<int64_t>(c)), backend_);
    }
    return ends_.Finish(x);
  }

  const pdarts::Backend backend_;
  const Ends ends_;
  nn::MixedGraph graph_;
  std::vector<std::vector<nn::EdgeOperations>> chains_;  ///< [chain][link]
};

class DerivedNetwork : public pdarts::Network {
 public:
  DerivedNetwork(const pdarts::Architecture& architecture, const pdarts::NetworkShape& shape,
                 const at::Generator& generator)
      : storage_(shape.backend.storage),
        ends_(*this, shape.image, shape.channels, shape.classes, generator) {
    for (int c = 0; c < shape.cells; ++c) {
      for (const pdarts::ArchitectureEdge& edge : architecture.cells(0).edges()) {
        names_.push_back(absl::StrCat("chain", c, "_link", edge.from()));
        operations_.push_back(register_module(
            names_.back(),
            MakeLink(edge.operation(), shape.channels, /*affine=*/true, shape.backend, generator)));
      }
    }
  }

 private:
  pdarts::NetworkOutput DoForward(const at::Tensor& images,
                                  const pdarts::ForwardContext& context) override {
    at::Tensor x = nn::AsStored(ends_.Begin(images, context), storage_);
    for (size_t i = 0; i < operations_.size(); ++i) {
      x = operations_[i]->Forward(x, context.At(static_cast<int64_t>(i)));
    }
    return {ends_.Finish(x), /*auxiliary=*/{}};
  }

  GraphOutput DoDescribe(pdarts::GraphBuilder* builder) const override {
    pdarts::GraphValue x = ends_.DescribeBegin(builder);
    for (size_t i = 0; i < operations_.size(); ++i) {
      const pdarts::GraphBuilder::Place place(builder, names_[i]);
      x = operations_[i]->Describe(builder, names_[i], x);
    }
    return {ends_.DescribeFinish(builder, x), /*auxiliary=*/{}};
  }

  const at::ScalarType storage_;
  const Ends ends_;
  std::vector<std::string> names_;  ///< of the operations
  std::vector<std::shared_ptr<nn::Operation>> operations_;
};

class ChainSpace : public pdarts::SearchSpace {
 public:
  explicit ChainSpace(const ChainSpaceConfig& config) : topology_(MakeTopology(config.links())) {}

  std::string name() const override { return "chain"; }
  const pdarts::Topology& topology() const override { return topology_; }
  std::vector<pdarts::Knob> knobs() const override { return ChainSuperNet::Knobs(); }
  std::vector<std::string> text_forms() const override { return {"arrows"}; }

 private:
  pdarts::NetworkShape DoDefaultNetworkShape(const std::string& skeleton) const override {
    pdarts::NetworkShape shape;
    shape.cells = 4;
    shape.channels = 16;
    return shape;
  }
  absl::Status DoCheckSuperNetShape(const pdarts::SuperNetShape& shape) const override {
    return absl::OkStatus();  // no operation reduces an image
  }
  std::shared_ptr<pdarts::SuperNet> DoBuildSuperNet(const pdarts::Candidates& candidates,
                                                    const pdarts::SuperNetShape& shape,
                                                    at::Generator generator) const override {
    return std::make_shared<ChainSuperNet>(topology_, candidates, shape, generator);
  }
  absl::StatusOr<std::shared_ptr<pdarts::Network>> DoBuildNetwork(
      const pdarts::Architecture& architecture, const pdarts::NetworkShape& shape,
      at::Generator generator) const override {
    return std::make_shared<DerivedNetwork>(architecture, shape, generator);
  }

  absl::StatusOr<pdarts::Derivation> DoDerive(
      const pdarts::Candidates& candidates, const pdarts::EdgeProbabilities& probabilities,
      const pdarts::DerivationOptions& options) const override {
    pdarts::Derivation derivation;
    PDARTS_ASSIGN_OR_RETURN(
        const std::vector<int> chosen,
        pdarts::ChooseOnEveryEdge(topology_.kinds[0], candidates[0], probabilities[0], options,
                                  /*allow_none=*/false, &derivation.trace));
    std::vector<std::string> operations;
    for (const int operation : chosen)
      operations.push_back(topology_.kinds[0].operations[operation]);
    derivation.architecture = MakeArchitecture(operations);
    return derivation;
  }

  absl::StatusOr<pdarts::Architecture> DoParse(absl::string_view text) const override {
    return MakeArchitecture(absl::StrSplit(text, " -> "));
  }
  absl::StatusOr<std::string> DoFormat(const pdarts::Architecture& architecture,
                                       absl::string_view form) const override {
    return absl::StrJoin(architecture.cells(0).edges(), " -> ",
                         [](std::string* out, const pdarts::ArchitectureEdge& edge) {
                           out->append(edge.operation());
                         });
  }

  absl::Status DoCheckArchitecture(const pdarts::Architecture& architecture) const override {
    const auto& edges = architecture.cells(0).edges();
    const int links = static_cast<int>(topology_.kinds[0].edges.size());
    if (edges.size() != links) {
      return absl::InvalidArgumentError(
          absl::StrCat("chain: has ", edges.size(), " operations, expected ", links));
    }
    for (int link = 0; link < links; ++link) {
      if (edges[link].from() == link) continue;
      return absl::InvalidArgumentError(absl::StrCat("chain: operation ", link, " is of link ",
                                                     edges[link].from(), ", expected ", link));
    }
    return absl::OkStatus();
  }

  pdarts::Architecture MakeArchitecture(const std::vector<std::string>& operations) const {
    pdarts::Architecture architecture;
    pdarts::CellArchitecture* const chain = architecture.add_cells();
    chain->set_kind("chain");
    for (const std::string& operation : operations) {
      pdarts::ArchitectureEdge* const edge = chain->add_edges();
      edge->set_from(chain->edges_size() - 1);
      edge->set_to(chain->edges_size());
      edge->set_operation(operation);
    }
    chain->add_concat(static_cast<int>(operations.size()));
    return architecture;
  }

  const pdarts::Topology topology_;
};

const bool registered = pdarts::Registry<pdarts::SearchSpace>::Register<ChainSpaceConfig>(
    "chain", "chains of mixed operations, for small images",
    [](const ChainSpaceConfig& config) -> absl::StatusOr<std::unique_ptr<pdarts::SearchSpace>> {
      return std::make_unique<ChainSpace>(config);
    });

}  // namespace
}  // namespace example
