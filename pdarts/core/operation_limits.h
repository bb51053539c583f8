#ifndef PDARTS_CORE_OPERATION_LIMITS_H_
#define PDARTS_CORE_OPERATION_LIMITS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/derivation.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// The choice of a derivation for the edges of a cell, which can be changed. The numbers of edges
/// and operations are those of the cell kind.
class EdgeChoice {
 public:
  virtual ~EdgeChoice() = default;
  virtual int NumEdges() const = 0;
  /// The operation of an edge; -1 if the architecture does not keep the edge.
  virtual int Operation(int edge) const = 0;
  /// The probability of the operation of an edge.
  virtual double Score(int edge) const = 0;
  /// Whether the edge has another candidate than its operation and `none`.
  virtual bool HasOtherThanNone(int edge) const = 0;
  /// Removes the operation of the edge from the candidates of the edge, and chooses again.
  virtual void TakeAway(int edge) = 0;
};

/// Changes a choice until it keeps the limits of its cell kind (docs/algorithm.md, "Skip limit").
/// While a cell kind exceeds a limit, the edge on which the limited operation is least probable
/// loses the operation. An edge that has no other candidate than `none` keeps the operation.
/// `trace` records each step, and each limit that is exceeded at the end.
/// \param cell the name of the cell kind for readers: "normal cell".
void KeepLimits(const CellKind& kind, absl::string_view cell,
                const std::vector<OperationLimit>& limits, EdgeChoice* choice,
                DerivationTrace* trace);

}  // namespace pdarts

#endif  // PDARTS_CORE_OPERATION_LIMITS_H_
