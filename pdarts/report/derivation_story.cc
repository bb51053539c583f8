#include "pdarts/report/derivation_story.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace pdarts {
namespace {

std::vector<const EdgeDecision*> DecisionsOf(const CellKind& kind, const DerivationTrace& trace) {
  std::vector<const EdgeDecision*> decisions;
  for (const EdgeDecision& edge : trace.edges()) {
    if (edge.cell_kind() == kind.name) decisions.push_back(&edge);
  }
  return decisions;
}

/// The operations that were candidates of any of the edges, in the order of the kind.
std::vector<std::string> OperationsOf(const CellKind& kind,
                                      const std::vector<const EdgeDecision*>& decisions) {
  std::set<std::string> known;
  for (const EdgeDecision* edge : decisions) {
    known.insert(edge->candidates().begin(), edge->candidates().end());
    for (const PrunedOperation& pruned : edge->pruned()) known.insert(pruned.operation());
  }
  std::vector<std::string> operations;
  for (const std::string& operation : kind.operations) {
    if (known.count(operation) > 0) operations.push_back(operation);
  }
  return operations;
}

std::string EdgeName(const EdgeDecision& edge) {
  return absl::StrCat(edge.from(), " → ", edge.to());
}

std::string WithProbability(absl::string_view operation, double probability) {
  return absl::StrCat(operation, " (", Number(probability, 4), ")");
}

/// The table cell of one operation of one edge. The shades go from the smallest to the largest
/// probability.
Html HeatCell(const EdgeDecision& edge, const std::string& operation, double least, double most) {
  for (const PrunedOperation& pruned : edge.pruned()) {
    if (pruned.operation() != operation) continue;
    return Element(
        Tag::kTd,
        {{Attr::kClass, "gone"},
         {Attr::kTitle, absl::StrCat("pruned after stage ", pruned.stage(), " at probability ",
                                     Number(pruned.probability(), 4))}},
        "✕ stage ", pruned.stage());
  }
  for (int i = 0; i < edge.candidates_size() && i < edge.probabilities_size(); ++i) {
    if (edge.candidates(i) != operation) continue;
    const bool chosen = edge.kept() && edge.operation() == operation;
    const double shade = (edge.probabilities(i) - least) / std::max(most - least, 1e-9);
    std::vector<HtmlAttribute> attributes = {Shade(0.1 + 0.9 * shade)};
    Html content = HtmlCat(Number(edge.probabilities(i), 3));
    if (chosen) {
      attributes.emplace_back(Attr::kClass, "chosen");
      content.Append(Element(Tag::kSpan, {{Attr::kClass, "hidden"}}, " chosen"));
    }
    return Element(Tag::kTd, attributes, content);
  }
  return Element(Tag::kTd);
}

/// "After stage 1 ..." and, in a part that can be unfolded, each edge.
Html PruningStep(const std::vector<const EdgeDecision*>& decisions, int stage) {
  int count = 0;
  Html list;
  for (const EdgeDecision* edge : decisions) {
    std::vector<std::string> gone;
    for (const PrunedOperation& pruned : edge->pruned()) {
      if (pruned.stage() != stage) continue;
      gone.push_back(WithProbability(pruned.operation(), pruned.probability()));
    }
    count += static_cast<int>(gone.size());
    list.Append(Block(Tag::kLi, EdgeName(*edge), ": ", absl::StrJoin(gone, ", ")));
  }
  return HtmlCat(
      "After stage ", stage, ", the least probable operations of every edge were pruned, ", count,
      " over ", decisions.size(), " edges.\n",
      Element(Tag::kDetails, Element(Tag::kSummary, "Which"), Element(Tag::kUl, "\n", list)));
}

std::string LimitStepText(const LimitStep& step, const CellKind& kind) {
  const Edge& edge = kind.edges.at(step.edge());
  return absl::StrCat(
      "The cell held ", step.count(), " ", step.operation(), ", and at most ", step.max(),
      step.max() == 1 ? " is" : " are", " allowed: the least probable, on edge ", edge.from, " → ",
      edge.to, " (", Number(step.probability(), 4), "), ",
      step.stays()                 ? "stays, since the edge has no other candidate than none."
      : step.replacement().empty() ? "gave up its place to another edge."
                                   : absl::StrCat("gave way to ", step.replacement(), "."));
}

/// The edge as it was before the cost of the network changed its operation.
EdgeDecision BeforeExchange(const EdgeDecision& edge, const CostDecision& cost) {
  EdgeDecision before = edge;
  for (const CostStep& step : cost.steps()) {
    if (step.cell_kind() != edge.cell_kind() || step.edge() != edge.edge()) continue;
    before.set_operation(step.operation());
    before.set_score(step.probability());
  }
  return before;
}

std::string CostStepText(const CostStep& step, const CellKind& kind, const std::string& unit) {
  const Edge& edge = kind.edges.at(step.edge());
  return absl::StrCat("Edge ", edge.from, " → ", edge.to, " holds ",
                      WithProbability(step.replacement(), step.replacement_probability()),
                      " instead of ", WithProbability(step.operation(), step.probability()),
                      ", which changes the cost by ", Number(step.cost_change(), 3), " ", unit,
                      ".");
}

/// The cost of the network, and the exchanges on the edges of one cell kind.
Html CostSteps(const CostDecision& cost, const CellKind& kind) {
  const std::string range =
      absl::StrCat(Number(cost.min(), 3), " to ", Number(cost.max(), 3), " ", cost.unit());
  if (cost.steps().empty()) {
    return HtmlCat("The cost is ", Number(cost.cost(), 3), ", and its range is ", range,
                   ". No operation was exchanged.");
  }
  Html list;
  int exchanged = 0;
  for (const CostStep& step : cost.steps()) {
    if (step.cell_kind() != kind.name) continue;
    ++exchanged;
    list.Append(Block(Tag::kLi, CostStepText(step, kind, cost.unit())));
  }
  Html text = HtmlCat("With these operations the cost would be ", Number(cost.cost_before(), 3),
                      ", and its range is ", range, ". Operations were exchanged on ",
                      cost.steps_size(), " edges of the network's cells, ", exchanged,
                      " of them here; the cost is then ", Number(cost.cost(), 3), ".\n");
  if (exchanged > 0) text.Append(Element(Tag::kUl, "\n", list));
  return text;
}

std::string NodeStep(int node, std::vector<const EdgeDecision*> into) {
  std::stable_sort(into.begin(), into.end(), [](const EdgeDecision* a, const EdgeDecision* b) {
    return a->score() > b->score();
  });
  std::vector<std::string> kept, left;
  for (const EdgeDecision* edge : into) {
    (edge->kept() ? kept : left)
        .push_back(absl::StrCat(WithProbability(edge->operation(), edge->score()), " from node ",
                                edge->from()));
  }
  const std::string keeps = kept.empty() ? "nothing" : absl::StrJoin(kept, " and ");
  return absl::StrCat("Node ", node, " keeps ", keeps,
                      left.empty() ? "." : "; it leaves " + absl::StrJoin(left, ", ") + ".");
}

}  // namespace

Html HeatMap(const CellKind& kind, const DerivationTrace& trace) {
  const std::vector<const EdgeDecision*> decisions = DecisionsOf(kind, trace);
  const std::vector<std::string> operations = OperationsOf(kind, decisions);
  std::vector<std::string> head = {"edge"};
  head.insert(head.end(), operations.begin(), operations.end());
  double least = 1, most = 0;
  for (const EdgeDecision* edge : decisions) {
    for (double p : edge->probabilities()) {
      least = std::min(least, p);
      most = std::max(most, p);
    }
  }
  const std::string title =
      absl::StrCat("Probabilities of the ", CellName(kind.name), " in the last stage");
  Html rows;
  for (const EdgeDecision* edge : decisions) {
    Html cells = HtmlRowHead(EdgeName(*edge));
    for (const std::string& operation : operations) {
      cells.Append(HeatCell(*edge, operation, least, most));
    }
    rows.Append(Block(Tag::kTr, cells));
  }
  return Block(
      Tag::kFigure, HtmlScrolling(title, HtmlHeatMap(title, head, rows)),
      Element(Tag::kFigcaption, "Shades run from ", Number(least, 3), " to ", Number(most, 3),
              ". Framed: the operation that the cell holds. ✕: pruned after that stage."));
}

Html DerivationSteps(const CellKind& kind, const DerivationTrace& trace) {
  std::vector<EdgeDecision> chosen_by_probability;
  for (const EdgeDecision* edge : DecisionsOf(kind, trace)) {
    chosen_by_probability.push_back(BeforeExchange(*edge, trace.cost()));
  }
  std::vector<const EdgeDecision*> decisions;
  for (const EdgeDecision& edge : chosen_by_probability) decisions.push_back(&edge);
  std::set<int> stages;
  std::map<int, std::vector<const EdgeDecision*>> into;
  for (const EdgeDecision* edge : decisions) {
    into[edge->to()].push_back(edge);
    for (const PrunedOperation& pruned : edge->pruned()) stages.insert(pruned.stage());
  }
  Html steps;
  const auto add = [&](const auto& step) { steps.Append(Block(Tag::kLi, step)); };
  for (const int stage : stages) add(PruningStep(decisions, stage));
  for (const LimitStep& step : trace.limit_steps()) {
    if (step.cell_kind() == kind.name) add(LimitStepText(step, kind));
  }
  for (const auto& [node, edges] : into) add(NodeStep(node, edges));
  if (trace.has_cost()) add(CostSteps(trace.cost(), kind));
  return Block(Tag::kOl, "\n", steps);
}

}  // namespace pdarts
