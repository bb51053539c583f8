#include "pdarts/spaces/nasbench201/derivation.h"

#include <algorithm>
#include <vector>

#include "pdarts/base/status_macros.h"
#include "pdarts/core/edge_choices.h"
#include "pdarts/spaces/nasbench201/cell.h"

namespace pdarts::nasbench201 {

absl::StatusOr<Derivation> DeriveCell(const Candidates& candidates,
                                      const EdgeProbabilities& probabilities,
                                      const DerivationOptions& options, bool allow_none) {
  Derivation derivation;
  PDARTS_ASSIGN_OR_RETURN(
      const std::vector<int> chosen,
      ChooseOnEveryEdge(NasBench201Topology().kinds[0], candidates[0], probabilities[0], options,
                        allow_none, &derivation.trace));
  CellOperations operations;
  std::copy(chosen.begin(), chosen.end(), operations.begin());
  if (CanonicalExpression(operations) == "0") {
    derivation.trace.add_notes("cell: nothing leads from its input to its output");
  }
  derivation.architecture = ToArchitecture(operations);
  return derivation;
}

}  // namespace pdarts::nasbench201
