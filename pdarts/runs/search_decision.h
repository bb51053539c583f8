#ifndef PDARTS_RUNS_SEARCH_DECISION_H_
#define PDARTS_RUNS_SEARCH_DECISION_H_

#include <string>

#include "pdarts/core/topology.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

// Functions that tell whether a search distinguished its candidates: they compare the numbers of
// the search with the numbers that chance gives.

/// The top-1 accuracy of random predictions with this number of classes, in percent.
double ChanceTop1(int classes);

/// Sets least_probability, greatest_probability and even_share from the probabilities at the end of
/// a stage. If cell kinds have different numbers of candidates, the three numbers are those of the
/// cell kind that is farthest from its even share. `candidates` and `probabilities` are not empty,
/// as CheckProbabilities requires.
void SetProbabilities(const Candidates& candidates, const EdgeProbabilities& probabilities,
                      RunResult* result);

/// The message for the user of a search that did not distinguish its candidates: a sentence without
/// a period. The message is empty unless both conditions hold:
/// - All probabilities are within 5% of an even share.
/// - The top-1 accuracy of the super-network exceeds the accuracy by chance by at most a quarter of
///   it, or by at most two standard errors, if the number of images is known.
/// The message is also empty for the result of an earlier version, which lacks these numbers.
std::string DecidedNothing(const RunResult& result);

/// Whether the top-5 accuracy is meaningful. With five classes or fewer, it is always 100%.
bool HasTop5(int classes);

/// Whether the top-5 accuracy of a result is meaningful. True if an earlier version did not write
/// the number of classes.
bool HasTop5(const RunResult& result);

/// "top-1 20.70% (chance 20.00%)", followed by the top-5 accuracy if it is meaningful. Accuracies
/// are in percent.
std::string AccuracyText(double top1, double top5, int classes);

}  // namespace pdarts

#endif  // PDARTS_RUNS_SEARCH_DECISION_H_
