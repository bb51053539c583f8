#include "pdarts/core/cost_range.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace pdarts {
namespace {

/// An operation that an edge may hold.
struct Choice {
  std::string operation;
  double probability;
  double cost;
  double score;  ///< Score(probability)
};

/// The logarithm of a probability. An impossible operation counts as the least positive number, so
/// that sums stay finite.
double Score(double probability) {
  return std::log(std::max(probability, std::numeric_limits<double>::min()));
}

bool IsCheaper(const Choice& a, const Choice& b) { return a.cost < b.cost; }

/// An edge of the architecture. choices[0] is its derived operation.
struct KeptEdge {
  ArchitectureEdge* edge;
  EdgeDecision* decision;
  std::vector<Choice> choices;
};

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsLimited(const std::vector<OperationLimit>& limits, const std::string& kind,
               const std::string& operation) {
  return std::any_of(limits.begin(), limits.end(), [&](const OperationLimit& limit) {
    return limit.cell_kind == kind && limit.operation == operation;
  });
}

/// The edges of an architecture and the operations that each of them may hold.
std::vector<KeptEdge> KeptEdges(const Topology& topology,
                                const std::vector<std::string>& underivable,
                                const DerivationOptions& options, Derivation* derivation) {
  std::vector<KeptEdge> kept;
  for (size_t k = 0; k < topology.kinds.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    for (ArchitectureEdge& edge :
         *derivation->architecture.mutable_cells(static_cast<int>(k))->mutable_edges()) {
      const auto decision = std::find_if(
          derivation->trace.mutable_edges()->begin(), derivation->trace.mutable_edges()->end(),
          [&](const EdgeDecision& d) {
            return d.cell_kind() == kind.name && d.from() == edge.from() && d.to() == edge.to();
          });
      const std::vector<double>& costs =
          options.cost_range->operations[k][static_cast<size_t>(decision->edge())];
      KeptEdge of_edge = {&edge, &*decision, {}};
      for (int i = 0; i < decision->candidates_size(); ++i) {
        const std::string& operation = decision->candidates(i);
        const double probability = decision->probabilities(i);
        const Choice choice = {operation, probability, costs[OperationIndex(kind, operation)],
                               Score(probability)};
        if (operation == edge.operation()) {
          of_edge.choices.insert(of_edge.choices.begin(), choice);
        } else if (operation != "none" && !Contains(underivable, operation) &&
                   !IsLimited(options.limits, kind.name, operation)) {
          of_edge.choices.push_back(choice);
        }
      }
      kept.push_back(std::move(of_edge));
    }
  }
  return kept;
}

/// Choices for the first edges: the best ones among those with about the same cost.
struct Partial {
  double cost;
  double score;
  int before;  ///< index among the partial choices of one edge less; unused for no edges
  int choice;  ///< of the last edge
};

double Distance(const CostRange& range, double cost) {
  return std::max({range.min - cost, cost - range.max, 0.0});
}

/// The choice of each edge, by dynamic programming over the costs.
std::vector<int> BestChoices(const CostRange& range, const std::vector<KeptEdge>& edges) {
  double spread = 0;  // between the least and the greatest cost of an architecture
  for (const KeptEdge& edge : edges) {
    const auto [min, max] =
        std::minmax_element(edge.choices.begin(), edge.choices.end(), IsCheaper);
    spread += max->cost - min->cost;
  }
  constexpr double kStepsOfRange = 256, kMostSteps = 100000;
  const double step =
      std::max({(range.max - range.min) / kStepsOfRange, spread / kMostSteps, 1e-300});

  std::vector<std::vector<Partial>> levels = {{{range.fixed, 0, 0, 0}}};
  double least_so_far = range.fixed;
  for (const KeptEdge& edge : edges) {
    least_so_far += std::min_element(edge.choices.begin(), edge.choices.end(), IsCheaper)->cost;
    const std::vector<Partial>& before = levels.back();
    std::vector<Partial> after;
    std::vector<int> at;  // [steps above the least cost] index in `after`; -1: none
    for (size_t b = 0; b < before.size(); ++b) {
      for (size_t c = 0; c < edge.choices.size(); ++c) {
        const Partial next = {before[b].cost + edge.choices[c].cost,
                              before[b].score + edge.choices[c].score, static_cast<int>(b),
                              static_cast<int>(c)};
        const auto place =
            static_cast<size_t>(std::max(0.0, std::round((next.cost - least_so_far) / step)));
        if (place >= at.size()) at.resize(place + 1, -1);
        if (at[place] < 0) {
          at[place] = static_cast<int>(after.size());
          after.push_back(next);
        } else if (next.score > after[at[place]].score) {
          after[at[place]] = next;
        }
      }
    }
    levels.push_back(std::move(after));
  }

  const std::vector<Partial>& all = levels.back();
  const auto best =
      std::min_element(all.begin(), all.end(), [&](const Partial& a, const Partial& b) {
        const double of_a = Distance(range, a.cost), of_b = Distance(range, b.cost);
        return of_a < of_b || (of_a == of_b && a.score > b.score);
      });
  std::vector<int> choices(edges.size());
  int index = static_cast<int>(best - all.begin());
  for (size_t e = edges.size(); e > 0; --e) {
    choices[e - 1] = levels[e][index].choice;
    index = levels[e][index].before;
  }
  return choices;
}

absl::Status CheckCounts(absl::string_view what, size_t found, size_t expected) {
  if (found == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a cost range has costs of ", found, " ", what,
                                                 "; the search space has ", expected));
}

}  // namespace

absl::Status CheckCostRange(const Topology& topology, const CostRange& range) {
  if (!(range.min <= range.max) || !std::isfinite(range.min) || !std::isfinite(range.max)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a cost range from ", range.min, " to ", range.max, " is empty"));
  }
  absl::Status fits = CheckCounts("cell kinds", range.operations.size(), topology.kinds.size());
  bool finite = std::isfinite(range.fixed);
  for (size_t k = 0; fits.ok() && k < range.operations.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    fits = CheckCounts("edges", range.operations[k].size(), kind.edges.size());
    for (const std::vector<double>& of_edge : range.operations[k]) {
      fits.Update(CheckCounts("operations", of_edge.size(), kind.operations.size()));
      for (const double cost : of_edge) finite = finite && std::isfinite(cost);
    }
  }
  if (fits.ok() && !finite) {
    fits = absl::InvalidArgumentError("a cost range has a cost that is not a finite number");
  }
  return fits;
}

void KeepCostRange(const Topology& topology, const std::vector<std::string>& underivable,
                   const DerivationOptions& options, Derivation* derivation) {
  const CostRange& range = *options.cost_range;
  std::vector<KeptEdge> edges = KeptEdges(topology, underivable, options, derivation);
  double cost = range.fixed;
  for (const KeptEdge& edge : edges) cost += edge.choices[0].cost;
  CostDecision* const decision = derivation->trace.mutable_cost();
  decision->set_unit(range.unit);
  decision->set_min(range.min);
  decision->set_max(range.max);
  decision->set_cost_before(cost);
  decision->set_cost(cost);
  if (Distance(range, cost) == 0) return;

  const std::vector<int> choices = BestChoices(range, edges);
  cost = range.fixed;
  for (size_t e = 0; e < edges.size(); ++e) {
    const Choice& before = edges[e].choices[0];
    const Choice& after = edges[e].choices[choices[e]];
    cost += after.cost;
    if (choices[e] == 0) continue;
    CostStep* const step = decision->add_steps();
    step->set_cell_kind(edges[e].decision->cell_kind());
    step->set_edge(edges[e].decision->edge());
    step->set_operation(before.operation);
    step->set_probability(before.probability);
    step->set_replacement(after.operation);
    step->set_replacement_probability(after.probability);
    step->set_cost_change(after.cost - before.cost);
    edges[e].edge->set_operation(after.operation);
    edges[e].decision->set_operation(after.operation);
    edges[e].decision->set_score(after.probability);
  }
  decision->set_cost(cost);
  if (Distance(range, cost) > 0) {
    derivation->trace.add_notes(absl::StrCat(
        "no architecture with these edges and their candidates costs between ", range.min, " and ",
        range.max, " ", range.unit, "; this one comes closest with ", cost));
  }
}

}  // namespace pdarts
