#include "pdarts/runs/seed_agreement.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <tuple>

#include "pdarts/comparison/statistics.h"

namespace pdarts {
namespace {

/// Cell kind, number of the edge, and operation.
using Candidate = std::tuple<std::string, int, std::string>;

std::map<Candidate, double> LogProbabilities(const LoggedProbabilities& cells) {
  std::map<Candidate, double> all;
  for (const CellProbabilities& cell : cells) {
    for (int e = 0; e < cell.edges_size(); ++e) {
      const EdgeCandidateProbabilities& edge = cell.edges(e);
      const int candidates = std::min(edge.operations_size(), edge.probabilities_size());
      if (candidates < 2) continue;
      for (int i = 0; i < candidates; ++i) {
        const double log_probability = std::log(candidates * edge.probabilities(i));
        if (std::isfinite(log_probability)) {
          all[{cell.cell_kind(), e, edge.operations(i)}] = log_probability;
        }
      }
    }
  }
  return all;
}

}  // namespace

void UpdateStageEnds(const LogEvent& event, StageEnds* ends) {
  // Other events have candidates without their probabilities.
  if (event.event() != "epoch" || event.probabilities().empty()) return;
  (*ends)[event.stage()] = {event.probabilities().begin(), event.probabilities().end()};
}

std::optional<double> Agreement(const LoggedProbabilities& a, const LoggedProbabilities& b) {
  const std::map<Candidate, double> of_b = LogProbabilities(b);
  std::vector<double> values_a, values_b;
  for (const auto& [candidate, value] : LogProbabilities(a)) {
    const auto other = of_b.find(candidate);
    if (other == of_b.end()) continue;
    values_a.push_back(value);
    values_b.push_back(other->second);
  }
  return Correlation(values_a, values_b);
}

std::vector<StageAgreement> AgreementByStage(const std::vector<StageEnds>& searches) {
  std::map<int, std::vector<double>> by_stage;
  for (size_t i = 0; i < searches.size(); ++i) {
    for (const auto& [stage, probabilities] : searches[i]) {
      for (size_t j = i + 1; j < searches.size(); ++j) {
        const auto other = searches[j].find(stage);
        if (other == searches[j].end()) continue;
        const std::optional<double> agreement = Agreement(probabilities, other->second);
        if (agreement) by_stage[stage].push_back(*agreement);
      }
    }
  }
  std::vector<StageAgreement> stages;
  for (const auto& [stage, pairs] : by_stage) {
    StageAgreement& agreement = stages.emplace_back();
    agreement.set_stage(stage);
    agreement.set_mean(Mean(pairs));
    agreement.set_minimum(*std::min_element(pairs.begin(), pairs.end()));
    agreement.set_maximum(*std::max_element(pairs.begin(), pairs.end()));
  }
  return stages;
}

}  // namespace pdarts
