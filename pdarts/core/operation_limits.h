#ifndef PDARTS_CORE_OPERATION_LIMITS_H_
#define PDARTS_CORE_OPERATION_LIMITS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// What a derivation has chosen for the edges of a cell, and can choose anew. Edges have the
/// numbers of the cell kind, and operations the numbers of its list.
class EdgeChoice {
 public:
  virtual ~EdgeChoice() = default;
  virtual int NumEdges() const = 0;
  /// The operation that the cell holds on an edge; -1 if the cell does not hold the edge.
  virtual int Operation(int edge) const = 0;
  /// The probability of this operation.
  virtual double Score(int edge) const = 0;
  /// Whether the edge has another candidate than this operation and `none`.
  virtual bool HasOtherThanNone(int edge) const = 0;
  /// Takes this operation away from the candidates of the edge, and chooses anew.
  virtual void TakeAway(int edge) = 0;
};

/// Changes a choice until it keeps the limits of its cell kind (docs/algorithm.md, "Skip limit").
/// While a cell holds too many of an operation, the edge on which the operation is least probable
/// loses the operation. An edge that has no other candidate than `none` keeps it. Each step is
/// recorded in `trace`, and so is a limit that is exceeded in the end.
/// \param cell the cell as a reader knows it: "normal cell".
void KeepLimits(const CellKind& kind, absl::string_view cell,
                const std::vector<OperationLimit>& limits, EdgeChoice* choice,
                DerivationTrace* trace);

}  // namespace pdarts

#endif  // PDARTS_CORE_OPERATION_LIMITS_H_
