#include "pdarts/core/cost_range.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// One cell kind, whose node `e + 1` has one edge, from node `e`.
Topology Chain(int edges) {
  CellKind kind;
  kind.name = "cell";
  for (int e = 0; e < edges; ++e) kind.edges.push_back({e, e + 1});
  kind.operations = {"none", "skip", "small", "large"};
  return {{kind}};
}

/// A derivation that takes the most probable operation of each edge. probabilities: [edge]
/// [operation].
Derivation Derived(const Topology& topology,
                   const std::vector<std::vector<double>>& probabilities) {
  const CellKind& kind = topology.kinds[0];
  Derivation derivation;
  CellArchitecture* const cell = derivation.architecture.add_cells();
  cell->set_kind(kind.name);
  for (size_t e = 0; e < kind.edges.size(); ++e) {
    const std::vector<double>& p = probabilities[e];
    const auto best = std::max_element(p.begin(), p.end()) - p.begin();
    EdgeDecision* const decision = derivation.trace.add_edges();
    decision->set_cell_kind(kind.name);
    decision->set_edge(static_cast<int>(e));
    ArchitectureEdge* const edge = cell->add_edges();
    edge->set_from(kind.edges[e].from);
    edge->set_to(kind.edges[e].to);
    edge->set_operation(kind.operations[best]);
    decision->set_from(edge->from());
    decision->set_to(edge->to());
    decision->set_operation(edge->operation());
    decision->set_score(p[best]);
    decision->set_kept(true);
    for (size_t o = 0; o < p.size(); ++o) {
      decision->add_candidates(kind.operations[o]);
      decision->add_probabilities(p[o]);
    }
  }
  return derivation;
}

/// A range for the costs 0, 0, 1 and 10 of the four operations on every edge, and the constant 5.
DerivationOptions Range(int edges, double min, double max) {
  DerivationOptions options;
  options.cost_range.emplace();
  options.cost_range->min = min;
  options.cost_range->max = max;
  options.cost_range->unit = "coins";
  options.cost_range->fixed = 5;
  options.cost_range->operations = {
      std::vector<std::vector<double>>(edges, std::vector<double>{0, 0, 1, 10})};
  return options;
}

std::vector<std::string> Operations(const Derivation& derivation) {
  std::vector<std::string> operations;
  for (const ArchitectureEdge& edge : derivation.architecture.cells(0).edges()) {
    operations.push_back(edge.operation());
  }
  return operations;
}

TEST(CostRange, LeavesADerivationInTheRangeAlone) {
  const Topology topology = Chain(2);
  // The derivation left out `none`, the most probable operation of the second edge.
  Derivation derivation = Derived(topology, {{0, 0.1, 0.2, 0.7}, {0, 0.3, 0.6, 0.1}});
  derivation.trace.mutable_edges(1)->set_probabilities(0, 0.9);
  Derivation same = derivation;
  KeepCostRange(topology, {}, Range(2, 10, 16), &same);
  EXPECT_THAT(Operations(same), ElementsAre("large", "small"));
  EXPECT_EQ(same.trace.cost().cost_before(), 16);
  EXPECT_EQ(same.trace.cost().cost(), 16);
  EXPECT_EQ(same.trace.cost().unit(), "coins");
  EXPECT_THAT(same.trace.cost().steps(), SizeIs(0));
  EXPECT_THAT(same.trace.notes(), SizeIs(0));
}

TEST(CostRange, ExchangesWhatLosesLeast) {
  const Topology topology = Chain(3);
  // 35 coins. One large operation has to go; on the second edge this loses least.
  Derivation derivation =
      Derived(topology, {{0, 0.1, 0.2, 0.7}, {0, 0.3, 0.2, 0.5}, {0, 0.1, 0.2, 0.7}});
  KeepCostRange(topology, {}, Range(3, 24, 27), &derivation);
  EXPECT_THAT(Operations(derivation), ElementsAre("large", "skip", "large"));
  EXPECT_EQ(derivation.trace.cost().cost_before(), 35);
  EXPECT_EQ(derivation.trace.cost().cost(), 25);
  ASSERT_THAT(derivation.trace.cost().steps(), SizeIs(1));
  const CostStep& step = derivation.trace.cost().steps(0);
  EXPECT_EQ(step.cell_kind(), "cell");
  EXPECT_EQ(step.edge(), 1);
  EXPECT_EQ(step.operation(), "large");
  EXPECT_EQ(step.probability(), 0.5);
  EXPECT_EQ(step.replacement(), "skip");
  EXPECT_EQ(step.replacement_probability(), 0.3);
  EXPECT_EQ(step.cost_change(), -10);
  EXPECT_EQ(derivation.trace.edges(1).operation(), "skip");
  EXPECT_EQ(derivation.trace.edges(1).score(), 0.3);
}

TEST(CostRange, RaisesACostThatIsTooLow) {
  const Topology topology = Chain(3);
  Derivation derivation =
      Derived(topology, {{0, 0.6, 0.1, 0.3}, {0, 0.5, 0.1, 0.4}, {0, 0.5, 0.3, 0.2}});
  KeepCostRange(topology, {}, Range(3, 15, 16), &derivation);
  EXPECT_THAT(Operations(derivation), ElementsAre("skip", "large", "skip"));
}

TEST(CostRange, FindsADistantRangeThatNeedsManyExchanges) {
  const Topology topology = Chain(6);
  const std::vector<double> edge = {0, 0.1, 0.2, 0.7};
  Derivation derivation = Derived(topology, {edge, edge, edge, edge, edge, edge});
  KeepCostRange(topology, {}, Range(6, 10, 10.5), &derivation);  // five small operations
  EXPECT_EQ(derivation.trace.cost().cost(), 10);
  EXPECT_THAT(derivation.trace.cost().steps(), SizeIs(6));
  EXPECT_THAT(derivation.trace.notes(), SizeIs(0));
}

TEST(CostRange, NeverChoosesNoneOrWhatMayNotBeDerivedOrIsLimited) {
  const Topology topology = Chain(1);
  const Derivation derivation = Derived(topology, {{0.2, 0.15, 0.1, 0.55}});
  const auto kept = [&](const std::vector<std::string>& underivable, DerivationOptions options) {
    Derivation changed = derivation;
    KeepCostRange(topology, underivable, options, &changed);
    return Operations(changed)[0];
  };
  EXPECT_EQ(kept({}, Range(1, 4, 6)), "skip") << "and not none";
  EXPECT_EQ(kept({"skip"}, Range(1, 4, 6)), "small");
  DerivationOptions limited = Range(1, 4, 6);
  limited.limits = {{"cell", "skip", 2}, {"another", "small", 0}};
  EXPECT_EQ(kept({}, limited), "small");
}

TEST(CostRange, AnEdgeKeepsItsDerivedOperationWhateverThatIs) {
  const Topology topology = Chain(2);
  Derivation derivation = Derived(topology, {{0.7, 0.1, 0.1, 0.1}, {0, 0.2, 0.1, 0.7}});
  DerivationOptions options = Range(2, 5, 6);
  options.limits = {{"cell", "none", 1}};
  KeepCostRange(topology, {"none"}, options, &derivation);
  EXPECT_THAT(Operations(derivation), ElementsAre("none", "skip"));
}

TEST(CostRange, ComesAsCloseAsItCanAndSaysSo) {
  const Topology topology = Chain(2);
  Derivation derivation = Derived(topology, {{0, 0.1, 0.2, 0.7}, {0, 0.1, 0.2, 0.7}});
  KeepCostRange(topology, {}, Range(2, 9, 12), &derivation);  // 5, 6, 7, 15, 16 and 25 are possible
  EXPECT_EQ(derivation.trace.cost().cost(), 7);
  ASSERT_THAT(derivation.trace.notes(), SizeIs(1));
  EXPECT_EQ(derivation.trace.notes(0),
            "no architecture with these edges and their candidates costs between 9 and 12 coins; "
            "this one comes closest with 7");
}

TEST(CostRange, AProbabilityOfZeroIsTheLastResort) {
  const Topology topology = Chain(1);
  Derivation derivation = Derived(topology, {{0, 0, 0, 1}});
  KeepCostRange(topology, {}, Range(1, 6, 6), &derivation);
  EXPECT_THAT(Operations(derivation), ElementsAre("small"));
}

/// Compares with all architectures, for random probabilities, costs and ranges.
TEST(CostRange, FindsTheMostProbableArchitectureInTheRange) {
  std::mt19937 random(20261130);
  std::uniform_real_distribution<double> uniform;
  constexpr int kEdges = 5, kOperations = 4;
  const Topology topology = Chain(kEdges);
  int changed = 0, found = 0;
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<std::vector<double>> probabilities;
    // The costs of the operations of all edges are multiples of 1, so that no two different costs
    // are closer than the steps of the sums.
    DerivationOptions options = Range(kEdges, 0, 0);
    for (int e = 0; e < kEdges; ++e) {
      std::vector<double>& p = probabilities.emplace_back();
      for (int o = 0; o < kOperations; ++o) {
        p.push_back(o == 0 ? 0 : 0.2 + 0.1 * uniform(random));
        options.cost_range->operations[0][e][o] = std::floor(20 * uniform(random));
      }
    }
    options.cost_range->min = std::floor(80 * uniform(random));
    options.cost_range->max = options.cost_range->min + 4;
    Derivation derivation = Derived(topology, probabilities);

    double best = -std::numeric_limits<double>::infinity();
    for (int code = 0; code < 243; ++code) {  // three operations on five edges
      double cost = options.cost_range->fixed, score = 0;
      for (int e = 0, rest = code; e < kEdges; ++e, rest /= 3) {
        cost += options.cost_range->operations[0][e][1 + rest % 3];
        score += std::log(probabilities[e][1 + rest % 3]);
      }
      if (cost < options.cost_range->min || cost > options.cost_range->max) continue;
      best = std::max(best, score);
    }

    KeepCostRange(topology, {}, options, &derivation);
    const CostDecision& cost = derivation.trace.cost();
    changed += cost.steps().empty() ? 0 : 1;
    double of_result = options.cost_range->fixed, score = 0;
    for (int e = 0; e < kEdges; ++e) {
      const int operation =
          OperationIndex(topology.kinds[0], derivation.architecture.cells(0).edges(e).operation());
      of_result += options.cost_range->operations[0][e][operation];
      score += std::log(probabilities[e][operation]);
    }
    EXPECT_DOUBLE_EQ(cost.cost(), of_result);
    if (!std::isfinite(best)) {
      EXPECT_THAT(derivation.trace.notes(), SizeIs(1));
      continue;
    }
    ++found;
    EXPECT_GE(cost.cost(), options.cost_range->min);
    EXPECT_LE(cost.cost(), options.cost_range->max);
    EXPECT_NEAR(score, best, 1e-12) << trial;
  }
  EXPECT_GT(changed, 100);
  EXPECT_GT(found, 100);
}

TEST(CostRange, IsCheckedAgainstTheTopology) {
  const Topology topology = Chain(2);
  const auto message = [&](const auto& change) {
    DerivationOptions options = Range(2, 1, 2);
    change(&*options.cost_range);
    return std::string(CheckCostRange(topology, *options.cost_range).message());
  };
  using R = CostRange*;
  EXPECT_EQ(message([](R) {}), "");
  EXPECT_THAT(message([](R r) { r->min = 3; }), HasSubstr("from 3 to 2 is empty"));
  EXPECT_THAT(message([](R r) { r->max = std::nan(""); }), HasSubstr("to nan is empty"));
  EXPECT_THAT(message([](R r) { r->operations.clear(); }), HasSubstr("0 cell kinds; the search"));
  EXPECT_THAT(message([](R r) { r->operations[0].pop_back(); }), HasSubstr("of 1 edges; the"));
  EXPECT_THAT(message([](R r) { r->operations[0][1].pop_back(); }), HasSubstr("of 3 operations"));
  EXPECT_THAT(message([](R r) { r->operations[0][1][3] = std::nan(""); }), HasSubstr("not a fin"));
  EXPECT_THAT(message([](R r) { r->fixed = INFINITY; }), HasSubstr("not a finite number"));
}

}  // namespace
}  // namespace pdarts
