#ifndef PDARTS_CORE_DERIVATION_H_
#define PDARTS_CORE_DERIVATION_H_

#include <optional>
#include <string>
#include <vector>

#include "pdarts/core/architecture.pb.h"

namespace pdarts {

/// The costs of the operations of each edge in the networks of a search space: `[kind][edge]
/// [operation of the topology]`.
using OperationCosts = std::vector<std::vector<std::vector<double>>>;

/// A limit: at most `max` edges of the cell kind hold `operation`.
struct OperationLimit {
  std::string cell_kind;
  std::string operation;
  int max = 0;
};

/// A limit: the cost of the derived network is at least `min` and at most `max`. The cost is the
/// sum of `fixed` and the cost of each chosen operation.
struct CostRange {
  double min = 0;
  double max = 0;
  std::string unit;  ///< for readers: "million multiply-adds"
  double fixed = 0;
  OperationCosts operations;
};

struct DerivationOptions {
  std::vector<OperationLimit> limits;
  std::optional<CostRange> cost_range;
};

struct Derivation {
  Architecture architecture;
  DerivationTrace trace;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_DERIVATION_H_
