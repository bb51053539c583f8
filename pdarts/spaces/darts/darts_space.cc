#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/initial_operations.h"
#include "pdarts/core/knob.h"
#include "pdarts/core/network.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/spaces/darts/cells.h"
#include "pdarts/spaces/darts/darts_space.pb.h"
#include "pdarts/spaces/darts/derivation.h"
#include "pdarts/spaces/darts/derived_network.h"
#include "pdarts/spaces/darts/genotype.h"
#include "pdarts/spaces/darts/super_net.h"

namespace pdarts::darts {
namespace {

class DartsSpace : public SearchSpace {
 public:
  DartsSpace(DartsSpaceConfig config, Candidates initial)
      : config_(std::move(config)), initial_(std::move(initial)) {}

  std::string name() const override { return "darts"; }
  const Topology& topology() const override { return DartsTopology(); }
  std::vector<std::string> skeletons() const override {
    return {kCifarSkeleton, kImageNetSkeleton};
  }
  std::vector<Knob> knobs() const override { return StandardKnobs(); }
  std::vector<std::string> underivable_operations() const override {
    return config_.allow_none() ? std::vector<std::string>{} : std::vector<std::string>{kNone};
  }
  std::vector<std::string> KindsWithoutCells(int cells) const override {
    std::vector<std::string> without;
    const auto cell_shapes = ShapesOfCells(cells, /*channels=*/1, /*stem_channels=*/1,
                                           /*stem_reduces=*/false);
    for (const CellKindIndex kind : {kNormal, kReduce}) {
      if (std::any_of(cell_shapes.begin(), cell_shapes.end(),
                      [&](const CellShape& cell_shape) { return cell_shape.kind() == kind; })) {
        continue;
      }
      without.push_back(topology().kinds[kind].name);
    }
    return without;
  }
  OperationPlaces operation_places(const NetworkShape& shape) const override {
    return DerivedOperationPlaces(shape);
  }
  std::shared_ptr<Network> BuildOperation(absl::string_view operation, const OperationPlace& place,
                                          const NetworkShape& shape,
                                          at::Generator generator) const override {
    return MakeDerivedOperation(operation, place, shape, std::move(generator));
  }
  std::vector<std::string> text_forms() const override { return {"flat", "nested"}; }
  std::vector<std::pair<std::string, std::string>> known_architectures() const override {
    return KnownGenotypes();
  }

 private:
  Candidates DoInitialCandidates() const override { return initial_; }
  NetworkShape DoDefaultNetworkShape(const std::string& skeleton) const override {
    NetworkShape shape;
    if (skeleton != kImageNetSkeleton) return shape;
    // The published network with this skeleton (docs/algorithm.md, "The derived network").
    shape.cells = 14;
    shape.channels = 48;
    shape.image = {3, 224, 224};
    shape.classes = 1000;
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
    DerivationRules rules;
    rules.allow_none = config_.allow_none();
    rules.best_edge_first = config_.best_edge_first();
    return DeriveGenotype(candidates, probabilities, options, rules);
  }
  absl::StatusOr<std::shared_ptr<Network>> DoBuildNetwork(const Architecture& architecture,
                                                          const NetworkShape& shape,
                                                          at::Generator generator) const override {
    return MakeDerivedNetwork(architecture, shape, std::move(generator));
  }
  absl::StatusOr<Architecture> DoParse(absl::string_view text) const override {
    return ParseGenotype(text);
  }
  absl::StatusOr<std::string> DoFormat(const Architecture& architecture,
                                       absl::string_view form) const override {
    return FormatGenotype(architecture,
                          form == "nested" ? GenotypeForm::kNested : GenotypeForm::kFlat);
  }
  std::string DoCanonicalForm(const Architecture& architecture) const override {
    return CanonicalGenotype(architecture);
  }
  absl::Status DoCheckArchitecture(const Architecture& architecture) const override {
    return CheckGenotype(architecture);
  }

  const DartsSpaceConfig config_;
  const Candidates initial_;
};

/// Sets the candidates of one edge. `field` is the name of the edge in errors.
absl::Status SetEdge(const EdgeOperations& edge, const std::string& field,
                     absl::string_view without, std::vector<std::vector<bool>>* seen,
                     Candidates* initial) {
  const Topology& topology = DartsTopology();
  bool is_known = false;
  for (size_t k = 0; k < topology.kinds.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    if (!edge.cell_kind().empty() && edge.cell_kind() != kind.name) continue;
    is_known = true;
    const auto place =
        std::find(kind.edges.begin(), kind.edges.end(), Edge{edge.from(), edge.to()});
    if (place == kind.edges.end()) {
      return absl::InvalidArgumentError(absl::StrCat(field, ": there is no edge from ", edge.from(),
                                                     " to ", edge.to(), " in a cell"));
    }
    const auto number = place - kind.edges.begin();
    if ((*seen)[k][number]) {
      return absl::InvalidArgumentError(absl::StrCat(field, ": the ", kind.name, " edge ",
                                                     edge.from(), " -> ", edge.to(),
                                                     " is listed twice"));
    }
    (*seen)[k][number] = true;
    PDARTS_ASSIGN_OR_RETURN(
        (*initial)[k][number],
        InitialOperations(kind, {edge.operations().begin(), edge.operations().end()},
                          absl::StrCat(field, ".operations"), without));
  }
  if (is_known) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ".cell_kind: \"", edge.cell_kind(),
                                                 "\" is unknown; expected normal or reduce"));
}

/// The candidates that a config selects.
absl::StatusOr<Candidates> InitialCandidatesOf(const DartsSpaceConfig& config) {
  const Topology& topology = DartsTopology();
  const absl::string_view without = config.allow_none() ? "" : kNone;
  EdgeCandidates every = UsualOperations();
  if (!config.operations().empty()) {
    PDARTS_ASSIGN_OR_RETURN(
        every, InitialOperations(topology.kinds[kNormal],
                                 {config.operations().begin(), config.operations().end()},
                                 "operations", without));
  }
  Candidates initial(topology.kinds.size(), CellCandidates(kNumEdges, every));
  std::vector<std::vector<bool>> seen(topology.kinds.size(), std::vector<bool>(kNumEdges, false));
  for (int i = 0; i < config.edges_size(); ++i) {
    PDARTS_RETURN_IF_ERROR(
        SetEdge(config.edges(i), absl::StrCat("edges[", i, "]"), without, &seen, &initial));
  }
  for (size_t k = 0; k < topology.kinds.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    for (size_t e = 0; e < initial[k].size(); ++e) {
      if (initial[k][e].size() == initial[k][0].size()) continue;
      const auto name = [&](size_t edge) {
        return absl::StrCat(kind.edges[edge].from, " -> ", kind.edges[edge].to);
      };
      return absl::InvalidArgumentError(
          absl::StrCat("edges: the ", kind.name, " edge ", name(e), " has ", initial[k][e].size(),
                       " operations and ", name(0), " has ", initial[k][0].size(),
                       "; expected the same number on all edges of a kind of cell"));
    }
  }
  return initial;
}

const bool registered = Registry<SearchSpace>::Register<DartsSpaceConfig>(
    "darts", "cells of four nodes and eight operations, normal and reduction (DARTS)",
    [](const DartsSpaceConfig& config) -> absl::StatusOr<std::unique_ptr<SearchSpace>> {
      PDARTS_ASSIGN_OR_RETURN(Candidates initial, InitialCandidatesOf(config));
      return std::make_unique<DartsSpace>(config, std::move(initial));
    });

}  // namespace
}  // namespace pdarts::darts
