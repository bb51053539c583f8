#include "pdarts/core/operation_limits.h"

#include <cstddef>

#include "pdarts/core/derivation_trace.h"

namespace pdarts {
namespace {

/// A limit of one cell kind.
class KindLimit {
 public:
  KindLimit(const OperationLimit& limit, const CellKind& kind, int num_edges)
      : limit_(limit), operation_(OperationIndex(kind, limit.operation)), stays_(num_edges) {}

  const OperationLimit& limit() const { return limit_; }

  int Count(const EdgeChoice& choice) const {
    int count = 0;
    for (int e = 0; e < choice.NumEdges(); ++e) count += choice.Operation(e) == operation_;
    return count;
  }

  /// Removes the operation from the edge on which it is least probable. Returns whether it made a
  /// step.
  bool Step(const CellKind& kind, EdgeChoice* choice, DerivationTrace* trace) {
    const int count = Count(*choice);
    if (count <= limit_.max) return false;
    int weakest = -1;
    for (int e = 0; e < choice->NumEdges(); ++e) {
      if (choice->Operation(e) != operation_ || stays_[e]) continue;
      if (weakest < 0 || choice->Score(e) < choice->Score(weakest)) weakest = e;
    }
    if (weakest < 0) return false;
    LimitStep* const step = RecordLimitStep(limit_, count, weakest, choice->Score(weakest), trace);
    step->set_stays(!choice->HasOtherThanNone(weakest));
    if (step->stays()) {
      stays_[weakest] = true;
    } else {
      choice->TakeAway(weakest);
    }
    const int now = choice->Operation(weakest);
    step->set_replacement(now < 0 ? "" : kind.operations[now]);
    return true;
  }

 private:
  OperationLimit limit_;
  int operation_;
  std::vector<bool> stays_;  ///< [edge] that has no other candidate than `none`
};

}  // namespace

void KeepLimits(const CellKind& kind, absl::string_view cell,
                const std::vector<OperationLimit>& limits, EdgeChoice* choice,
                DerivationTrace* trace) {
  std::vector<KindLimit> of_kind;
  for (const OperationLimit& limit : limits) {
    if (limit.cell_kind == kind.name) of_kind.emplace_back(limit, kind, choice->NumEdges());
  }
  // A step for one limit may violate another one. Therefore, all limits are checked again after
  // each step.
  for (size_t i = 0; i < of_kind.size();) i = of_kind[i].Step(kind, choice, trace) ? 0 : i + 1;
  for (const KindLimit& limit : of_kind) {
    NoteLimitMissed(cell, limit.limit(), limit.Count(*choice), trace);
  }
}

}  // namespace pdarts
