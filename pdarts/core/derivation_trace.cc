#include "pdarts/core/derivation_trace.h"

#include "absl/strings/str_cat.h"
#include "pdarts/core/edge_name.h"
#include "pdarts/core/edge_probabilities.h"

namespace pdarts {

void RecordEdge(const CellKind& kind, size_t edge, const EdgeCandidates& candidates,
                const std::vector<double>& probabilities, int chosen, bool kept,
                DerivationTrace* trace) {
  EdgeDecision* const decision = trace->add_edges();
  decision->set_cell_kind(kind.name);
  decision->set_edge(static_cast<int>(edge));
  EdgeCandidateProbabilities written = EncodeEdge(kind, edge, candidates, &probabilities);
  decision->set_from(written.from());
  decision->set_to(written.to());
  decision->mutable_candidates()->Swap(written.mutable_operations());
  decision->mutable_probabilities()->Swap(written.mutable_probabilities());
  decision->set_operation(kind.operations[candidates[chosen]]);
  decision->set_score(probabilities[chosen]);
  decision->set_kept(kept);
}

LimitStep* RecordLimitStep(const OperationLimit& limit, int count, int edge, double probability,
                           DerivationTrace* trace) {
  LimitStep* const step = trace->add_limit_steps();
  step->set_cell_kind(limit.cell_kind);
  step->set_operation(limit.operation);
  step->set_max(limit.max);
  step->set_count(count);
  step->set_edge(edge);
  step->set_probability(probability);
  return step;
}

void NoteNonePreferred(absl::string_view cell, const CellKind& kind, const std::vector<int>& edges,
                       DerivationTrace* trace) {
  if (edges.empty()) return;
  trace->add_notes(absl::StrCat(cell, ", ", EdgeNames(kind, edges),
                                ": 'none' scored highest there and may not be derived, so the "
                                "next best operation was taken"));
}

void NoteLimitMissed(absl::string_view cell, const OperationLimit& limit, int count,
                     DerivationTrace* trace) {
  if (count <= limit.max) return;
  trace->add_notes(absl::StrCat(cell, ": ", count, " ", limit.operation,
                                " stand although the limit is ", limit.max,
                                ": their edges have no other candidate, none not counted"));
}

absl::Status NothingButNone(const CellKind& kind, size_t edge) {
  return absl::InvalidArgumentError(
      absl::StrCat(kind.name, " edge ", EdgeName(kind.edges[edge]),
                   ": its only candidate is none, which may not be derived (allow_none is false)"));
}

}  // namespace pdarts
