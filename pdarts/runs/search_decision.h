#ifndef PDARTS_RUNS_SEARCH_DECISION_H_
#define PDARTS_RUNS_SEARCH_DECISION_H_

#include <string>

#include "pdarts/core/topology.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

// Whether a search could tell its candidates apart: its numbers stand beside what chance gives.

/// The top-1 accuracy of a guess among so many classes, in percent.
double ChanceTop1(int classes);

/// Sets least_probability, greatest_probability and even_share from what a stage ended with.
/// Cell kinds may differ in their numbers of candidates: the three are of the kind that is farthest
/// from its even share. candidates, probabilities: not empty, as CheckProbabilities wants them.
void SetProbabilities(const Candidates& candidates, const EdgeProbabilities& probabilities,
                      RunResult* result);

/// What to tell a user of a search that decided nothing: a sentence without a period. Empty unless
/// all probabilities are within 5% of an even share, and the super-network's top-1 accuracy is
/// within a quarter of chance, or within two standard errors of it where the number of images is
/// known. Empty too for the result of an earlier version, which lacks these numbers.
std::string DecidedNothing(const RunResult& result);

/// Whether top-5 accuracy says anything: not for five classes or fewer, where it is always 100%.
bool HasTop5(int classes);

/// The same for a result. True where an earlier version did not write the number of classes.
bool HasTop5(const RunResult& result);

/// "top-1 20.70% (chance 20.00%)", and the top-5 accuracy where it says anything. Accuracies in
/// percent.
std::string AccuracyText(double top1, double top5, int classes);

}  // namespace pdarts

#endif  // PDARTS_RUNS_SEARCH_DECISION_H_
