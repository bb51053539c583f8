#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pdarts/core/network.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/spaces/darts/cells.h"
#include "pdarts/spaces/darts/darts_space.pb.h"
#include "pdarts/spaces/darts/derivation.h"
#include "pdarts/spaces/darts/derived_network.h"
#include "pdarts/spaces/darts/genotype.h"
#include "pdarts/spaces/darts/search_network.h"

namespace pdarts::darts {
namespace {

class DartsSpace : public SearchSpace {
 public:
  explicit DartsSpace(DartsSpaceConfig config) : config_(std::move(config)) {}

  std::string name() const override { return "darts"; }
  const Topology& topology() const override { return DartsTopology(); }
  std::vector<std::string> skeletons() const override {
    return {kCifarSkeleton, kImageNetSkeleton};
  }
  std::vector<Knob> knobs() const override { return SearchNetworkKnobs(); }
  std::vector<std::string> underivable_operations() const override {
    return config_.allow_none() ? std::vector<std::string>{} : std::vector<std::string>{kNone};
  }
  std::vector<std::string> KindsWithoutCells(int cells) const override {
    std::vector<std::string> without;
    const auto plans = PlanCells(cells, /*channels=*/1, /*stem_channels=*/1,
                                 /*stem_reduces=*/false);
    for (const CellKindIndex kind : {kNormal, kReduce}) {
      if (std::any_of(plans.begin(), plans.end(),
                      [&](const CellPlan& plan) { return plan.kind() == kind; })) {
        continue;
      }
      without.push_back(topology().kinds[kind].name);
    }
    return without;
  }
  std::vector<std::string> text_forms() const override { return {"flat", "nested"}; }
  std::vector<std::pair<std::string, std::string>> known_architectures() const override {
    return KnownGenotypes();
  }

 private:
  NetworkShape DoDefaultNetworkShape(const std::string& skeleton) const override {
    NetworkShape shape;
    if (skeleton != kImageNetSkeleton) return shape;
    // The published network of this skeleton (ALGORITHM 4).
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
    return MakeSearchNetwork(candidates, shape, std::move(generator));
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
  absl::Status DoCheckArchitecture(const Architecture& architecture) const override {
    return CheckGenotype(architecture);
  }

  const DartsSpaceConfig config_;
};

const bool registered = Registry<SearchSpace>::Register<DartsSpaceConfig>(
    "darts", "cells of four nodes and eight operations, normal and reduction (DARTS)",
    [](const DartsSpaceConfig& config) -> absl::StatusOr<std::unique_ptr<SearchSpace>> {
      return std::make_unique<DartsSpace>(config);
    });

}  // namespace
}  // namespace pdarts::darts
