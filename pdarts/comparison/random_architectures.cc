#include "pdarts/comparison/random_architectures.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/randperm.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

/// The maximum number of consecutive draws that give no new architecture.
constexpr int kMostDraws = 10000;

}  // namespace

absl::StatusOr<Architecture> RandomArchitecture(const SearchSpace& space, at::Generator generator) {
  PDARTS_ASSIGN_OR_RETURN(const Candidates candidates, space.InitialCandidates());
  EdgeProbabilities probabilities;
  for (const CellCandidates& kind : candidates) {
    auto& of_kind = probabilities.emplace_back();
    for (const EdgeCandidates& edge : kind) {
      const auto count = static_cast<int64_t>(edge.size());
      const at::Tensor draws = at::empty({count}, at::kDouble).exponential_(1, generator);
      const at::Tensor shares = draws / draws.sum();
      of_kind.emplace_back(shares.data_ptr<double>(), shares.data_ptr<double>() + count);
    }
  }
  PDARTS_ASSIGN_OR_RETURN(Derivation derivation, space.Derive(candidates, probabilities, {}));
  return std::move(derivation.architecture);
}

EdgeProbabilities ShuffleProbabilities(const EdgeProbabilities& probabilities,
                                       const at::Generator& generator) {
  EdgeProbabilities shuffled = probabilities;
  for (std::vector<std::vector<double>>& kind : shuffled) {
    std::vector<double> values;
    for (const std::vector<double>& edge : kind) {
      values.insert(values.end(), edge.begin(), edge.end());
    }
    const at::Tensor order =
        at::randperm(static_cast<int64_t>(values.size()), generator, at::kLong);
    const int64_t* next = order.data_ptr<int64_t>();
    for (std::vector<double>& edge : kind) {
      for (double& value : edge) value = values[*next++];
    }
  }
  return shuffled;
}

absl::StatusOr<std::vector<Architecture>> DrawArchitectures(const SearchSpace& space, int count,
                                                            const std::optional<CostMatch>& match,
                                                            const at::Generator& generator) {
  std::vector<Architecture> drawn;
  std::set<std::string> forms;
  int in_vain = 0;
  while (static_cast<int>(drawn.size()) < count) {
    const double target = match ? match->targets[drawn.size() % match->targets.size()] : 0;
    if (in_vain == kMostDraws) {
      return absl::FailedPreconditionError(absl::StrCat(
          "only ", drawn.size(), " different architectures of the space ", space.name(),
          " were found where ", count, " are wanted: ", kMostDraws, " draws in a row gave no other",
          match ? absl::StrFormat(" with %s within %g%% of %.0f", match->unit,
                                  100 * match->tolerance, target)
                : ""));
    }
    ++in_vain;
    PDARTS_ASSIGN_OR_RETURN(Architecture architecture, RandomArchitecture(space, generator));
    PDARTS_ASSIGN_OR_RETURN(std::string form, space.CanonicalForm(architecture));
    if (forms.count(form) != 0) continue;
    if (match) {
      PDARTS_ASSIGN_OR_RETURN(const double cost, match->cost(architecture));
      if (std::abs(cost - target) > match->tolerance * target) continue;
    }
    forms.insert(std::move(form));
    drawn.push_back(std::move(architecture));
    in_vain = 0;
  }
  return drawn;
}

}  // namespace pdarts
