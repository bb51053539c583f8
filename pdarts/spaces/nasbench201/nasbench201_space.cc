#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pdarts/base/status_macros.h"
#include "pdarts/core/initial_operations.h"
#include "pdarts/core/knob.h"
#include "pdarts/core/network.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/spaces/nasbench201/cell.h"
#include "pdarts/spaces/nasbench201/derivation.h"
#include "pdarts/spaces/nasbench201/derived_network.h"
#include "pdarts/spaces/nasbench201/genotype.h"
#include "pdarts/spaces/nasbench201/nasbench201_space.pb.h"
#include "pdarts/spaces/nasbench201/skeleton.h"
#include "pdarts/spaces/nasbench201/super_net.h"

namespace pdarts::nasbench201 {
namespace {

class NasBench201Space : public SearchSpace {
 public:
  NasBench201Space(NasBench201SpaceConfig config, EdgeCandidates initial)
      : config_(std::move(config)), initial_(std::move(initial)) {}

  std::string name() const override { return "nasbench201"; }
  const Topology& topology() const override { return NasBench201Topology(); }
  std::vector<Knob> knobs() const override { return StandardKnobs(); }
  std::vector<std::string> underivable_operations() const override {
    if (config_.allow_none()) return {};
    return {topology().kinds[0].operations[kNone]};
  }
  OperationPlaces operation_places(const NetworkShape& shape) const override {
    return DerivedOperationPlaces(shape);
  }
  std::shared_ptr<Network> BuildOperation(absl::string_view operation, const OperationPlace& place,
                                          const NetworkShape& shape,
                                          at::Generator generator) const override {
    return MakeDerivedOperation(operation, place, shape, std::move(generator));
  }
  std::vector<std::string> text_forms() const override { return {"string"}; }

 private:
  Candidates DoInitialCandidates() const override {
    return {CellCandidates(topology().kinds[0].edges.size(), initial_)};
  }
  NetworkShape DoDefaultNetworkShape(const std::string& skeleton) const override {
    NetworkShape shape;
    shape.cells = 5;
    shape.channels = 16;
    return shape;
  }
  absl::Status DoCheckSuperNetShape(const SuperNetShape& shape) const override {
    return CheckImageSides(shape.image);
  }
  std::shared_ptr<SuperNet> DoBuildSuperNet(const Candidates& candidates,
                                            const SuperNetShape& shape,
                                            at::Generator generator) const override {
    return MakeSuperNet(candidates, shape, std::move(generator));
  }
  absl::StatusOr<Derivation> DoDerive(const Candidates& candidates,
                                      const EdgeProbabilities& probabilities,
                                      const DerivationOptions& options) const override {
    return DeriveCell(candidates, probabilities, options, config_.allow_none());
  }
  absl::StatusOr<std::shared_ptr<Network>> DoBuildNetwork(const Architecture& architecture,
                                                          const NetworkShape& shape,
                                                          at::Generator generator) const override {
    return MakeDerivedNetwork(architecture, shape, std::move(generator));
  }
  absl::StatusOr<Architecture> DoParse(absl::string_view text) const override {
    PDARTS_ASSIGN_OR_RETURN(const CellOperations operations, ParseGenotype(text));
    return ToArchitecture(operations);
  }
  absl::StatusOr<std::string> DoFormat(const Architecture& architecture,
                                       absl::string_view form) const override {
    return FormatCell(FromArchitecture(architecture));
  }
  std::string DoCanonicalForm(const Architecture& architecture) const override {
    return CanonicalExpression(FromArchitecture(architecture));
  }
  absl::Status DoCheckArchitecture(const Architecture& architecture) const override {
    return CheckCell(architecture);
  }

  const NasBench201SpaceConfig config_;
  const EdgeCandidates initial_;
};

/// The operations of a config, as indices in the topology.
absl::StatusOr<EdgeCandidates> OperationsOf(const NasBench201SpaceConfig& config) {
  if (config.operations().empty()) return AllCandidates(NasBench201Topology())[0][0];
  const CellKind& kind = NasBench201Topology().kinds[0];
  return InitialOperations(kind, {config.operations().begin(), config.operations().end()},
                           "operations", config.allow_none() ? "" : kind.operations[kNone]);
}

const bool registered = Registry<SearchSpace>::Register<NasBench201SpaceConfig>(
    "nasbench201", "one kind of cell, six edges, five operations (NAS-Bench-201)",
    [](const NasBench201SpaceConfig& config) -> absl::StatusOr<std::unique_ptr<SearchSpace>> {
      PDARTS_ASSIGN_OR_RETURN(EdgeCandidates initial, OperationsOf(config));
      return std::make_unique<NasBench201Space>(config, std::move(initial));
    });

}  // namespace
}  // namespace pdarts::nasbench201
