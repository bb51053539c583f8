#ifndef PDARTS_RUNS_SEED_AGREEMENT_H_
#define PDARTS_RUNS_SEED_AGREEMENT_H_

#include <map>
#include <optional>
#include <vector>

#include "pdarts/core/edge_probabilities.pb.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// The probabilities of the candidates of all cell kinds, as in an event of a log.
using LoggedProbabilities = std::vector<CellProbabilities>;

/// The probabilities at the end of each stage of a search, by the number of the stage (the first is
/// 1).
using StageEnds = std::map<int, LoggedProbabilities>;

/// Updates `ends` with an event of the log of a search, in the order of the log.
void UpdateStageEnds(const LogEvent& event, StageEnds* ends);

/// The correlation of the log probabilities log(K p) of two searches, over the candidates that both
/// have. K is the number of candidates of the edge, and edges with one candidate do not count. The
/// result is close to 1 if both searches prefer the same candidates, and close to 0 if the seed
/// decides. Unset if fewer than two candidates are common, or if all log probabilities of a search
/// are equal.
std::optional<double> Agreement(const LoggedProbabilities& a, const LoggedProbabilities& b);

/// The agreement of several searches in each stage that at least two of them have: the mean, the
/// minimum and the maximum of Agreement over all pairs. Stages without a number are left out.
std::vector<StageAgreement> AgreementByStage(const std::vector<StageEnds>& searches);

}  // namespace pdarts

#endif  // PDARTS_RUNS_SEED_AGREEMENT_H_
