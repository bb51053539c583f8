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

/// The operations that stood on any of the edges, in the kind's order.
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

/// The table cell of one operation of one edge. Shades span the probabilities from least to most.
Html HeatCell(const EdgeDecision& edge, const std::string& operation, double least, double most) {
  for (const PrunedOperation& pruned : edge.pruned()) {
    if (pruned.operation() != operation) continue;
    return HtmlCat("<td class=\"gone\" title=\"pruned after stage "_html, pruned.stage(),
                   " at probability "_html, Number(pruned.probability(), 4), "\">✕ stage "_html,
                   pruned.stage(), "</td>"_html);
  }
  for (int i = 0; i < edge.candidates_size() && i < edge.probabilities_size(); ++i) {
    if (edge.candidates(i) != operation) continue;
    const bool chosen = edge.kept() && edge.operation() == operation;
    const double shade = (edge.probabilities(i) - least) / std::max(most - least, 1e-9);
    return HtmlCat("<td style=\"--p:"_html, Number(0.1 + 0.9 * shade, 3), "\""_html,
                   chosen ? " class=\"chosen\">"_html : ">"_html, Number(edge.probabilities(i), 3),
                   chosen ? "<span class=\"hidden\"> chosen</span>"_html : Html(), "</td>"_html);
  }
  return "<td></td>"_html;
}

/// "After stage 1 ..." and, to unfold, edge by edge.
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
    list.Append(
        HtmlCat("<li>"_html, EdgeName(*edge), ": ", absl::StrJoin(gone, ", "), "</li>\n"_html));
  }
  return HtmlCat("After stage ", stage,
                 ", the least probable operations of every edge were pruned, ", count, " over ",
                 decisions.size(), " edges.\n<details><summary>Which</summary><ul>\n"_html, list,
                 "</ul></details>"_html);
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
  Html table = HtmlCat("<table class=\"heat\"><caption class=\"hidden\">"_html, title,
                       "</caption>"_html, HtmlTableHead(head), "<tbody>\n"_html);
  for (const EdgeDecision* edge : decisions) {
    table.Append(HtmlCat("<tr><th scope=\"row\">"_html, EdgeName(*edge), "</th>"_html));
    for (const std::string& operation : operations) {
      table.Append(HeatCell(*edge, operation, least, most));
    }
    table.Append("</tr>\n"_html);
  }
  table.Append("</tbody></table>\n"_html);
  return HtmlCat(
      "<figure>"_html, HtmlScrolling(title, table), "<figcaption>Shades run from "_html,
      Number(least, 3), " to ", Number(most, 3),
      ". Framed: what the cell holds. ✕: pruned after that stage.</figcaption></figure>\n"_html);
}

Html DerivationSteps(const CellKind& kind, const DerivationTrace& trace) {
  const std::vector<const EdgeDecision*> decisions = DecisionsOf(kind, trace);
  std::set<int> stages;
  std::map<int, std::vector<const EdgeDecision*>> into;
  for (const EdgeDecision* edge : decisions) {
    into[edge->to()].push_back(edge);
    for (const PrunedOperation& pruned : edge->pruned()) stages.insert(pruned.stage());
  }
  Html steps;
  const auto add = [&](const auto& step) {
    steps.Append(HtmlCat("<li>"_html, step, "</li>\n"_html));
  };
  for (const int stage : stages) add(PruningStep(decisions, stage));
  for (const LimitStep& step : trace.limit_steps()) {
    if (step.cell_kind() == kind.name) add(LimitStepText(step, kind));
  }
  for (const auto& [node, edges] : into) add(NodeStep(node, edges));
  return HtmlCat("<ol>\n"_html, steps, "</ol>\n"_html);
}

}  // namespace pdarts
