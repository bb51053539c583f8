#include "pdarts/report/derivation_story.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pdarts/report/html.h"

namespace pdarts {
namespace {

std::vector<const EdgeDecision*> DecisionsOf(const CellKind& kind, const DerivationTrace& trace) {
  std::vector<const EdgeDecision*> decisions;
  for (const EdgeDecision& edge : trace.edges()) {
    if (edge.cell_kind() == kind.name) decisions.push_back(&edge);
  }
  return decisions;
}

std::string EdgeName(const EdgeDecision& edge) {
  return absl::StrCat(edge.from(), " → ", edge.to());
}

std::string WithProbability(absl::string_view operation, double probability) {
  return absl::StrCat(operation, " (", Number(probability, 4), ")");
}

/// The table cell of one operation of one edge. Shades span the probabilities from least to most.
std::string HeatCell(const EdgeDecision& edge, const std::string& operation, double least,
                     double most) {
  for (const PrunedOperation& pruned : edge.pruned()) {
    if (pruned.operation() != operation) continue;
    return absl::StrCat("<td class=\"gone\" title=\"pruned after stage ", pruned.stage(),
                        " at probability ", Number(pruned.probability(), 4), "\">✕ stage ",
                        pruned.stage(), "</td>");
  }
  for (int i = 0; i < edge.candidates_size() && i < edge.probabilities_size(); ++i) {
    if (edge.candidates(i) != operation) continue;
    const bool chosen = edge.kept() && edge.operation() == operation;
    const double shade = (edge.probabilities(i) - least) / std::max(most - least, 1e-9);
    return absl::StrFormat("<td style=\"--p:%.3f\"%s>%.3f%s</td>", 0.1 + 0.9 * shade,
                           chosen ? " class=\"chosen\"" : "", edge.probabilities(i),
                           chosen ? "<span class=\"hidden\"> chosen</span>" : "");
  }
  return "<td></td>";
}

/// "After stage 1 ..." and, to unfold, edge by edge.
std::string PruningStep(const std::vector<const EdgeDecision*>& decisions, int stage) {
  int count = 0;
  std::string list;
  for (const EdgeDecision* edge : decisions) {
    std::vector<std::string> gone;
    for (const PrunedOperation& pruned : edge->pruned()) {
      if (pruned.stage() != stage) continue;
      gone.push_back(WithProbability(pruned.operation(), pruned.probability()));
    }
    count += static_cast<int>(gone.size());
    absl::StrAppend(&list, "<li>", EdgeName(*edge), ": ", EscapeHtml(absl::StrJoin(gone, ", ")),
                    "</li>\n");
  }
  return absl::StrCat("After stage ", stage, ", the least probable operations of every edge were ",
                      "pruned, ", count, " over ", decisions.size(),
                      " edges.\n<details><summary>Which</summary><ul>\n", list, "</ul></details>");
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

std::string HeatMap(const CellKind& kind, const DerivationTrace& trace) {
  std::vector<std::string> head = {"edge"};
  head.insert(head.end(), kind.operations.begin(), kind.operations.end());
  const std::vector<const EdgeDecision*> decisions = DecisionsOf(kind, trace);
  double least = 1, most = 0;
  for (const EdgeDecision* edge : decisions) {
    for (double p : edge->probabilities()) {
      least = std::min(least, p);
      most = std::max(most, p);
    }
  }
  const std::string title =
      absl::StrCat("Probabilities of the ", CellName(kind.name), " in the last stage");
  std::string table =
      absl::StrCat("<table class=\"heat\"><caption class=\"hidden\">", EscapeHtml(title),
                   "</caption>", HtmlTableHead(head), "<tbody>\n");
  for (const EdgeDecision* edge : decisions) {
    absl::StrAppend(&table, "<tr><th scope=\"row\">", EdgeName(*edge), "</th>");
    for (const std::string& operation : kind.operations) {
      absl::StrAppend(&table, HeatCell(*edge, operation, least, most));
    }
    absl::StrAppend(&table, "</tr>\n");
  }
  return absl::StrCat(
      "<figure>", HtmlScrolling(title, absl::StrCat(table, "</tbody></table>\n")),
      "<figcaption>Shades run from ", Number(least, 3), " to ", Number(most, 3),
      ". Framed: what the cell holds. ✕: pruned after that stage.</figcaption></figure>\n");
}

std::string DerivationSteps(const CellKind& kind, const DerivationTrace& trace) {
  const std::vector<const EdgeDecision*> decisions = DecisionsOf(kind, trace);
  int stages = 0;
  std::map<int, std::vector<const EdgeDecision*>> into;
  for (const EdgeDecision* edge : decisions) {
    into[edge->to()].push_back(edge);
    for (const PrunedOperation& pruned : edge->pruned()) {
      stages = std::max(stages, pruned.stage());
    }
  }
  std::vector<std::string> steps;
  for (int stage = 1; stage <= stages; ++stage) steps.push_back(PruningStep(decisions, stage));
  for (const LimitStep& step : trace.limit_steps()) {
    if (step.cell_kind() == kind.name) steps.push_back(EscapeHtml(LimitStepText(step, kind)));
  }
  for (const auto& [node, edges] : into) steps.push_back(EscapeHtml(NodeStep(node, edges)));
  return absl::StrCat("<ol>\n<li>", absl::StrJoin(steps, "</li>\n<li>"), "</li>\n</ol>\n");
}

}  // namespace pdarts
