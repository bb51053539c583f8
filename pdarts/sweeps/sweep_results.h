#ifndef PDARTS_SWEEPS_SWEEP_RESULTS_H_
#define PDARTS_SWEEPS_SWEEP_RESULTS_H_

#include <ostream>
#include <string>
#include <vector>

#include "pdarts/sweeps/sweep_plan.h"

namespace pdarts {

// The functions take the runs of a sweep, at least one, after the runs have ended: each has a
// result or an error.

/// Whether the sweep has a grid.
bool HasGrid(const std::vector<SweepRun>& runs);

/// What the user should know about the results: differences in the provenance, and searches that
/// did not distinguish their candidates.
std::vector<std::string> SweepNotes(const std::vector<SweepRun>& runs);

/// The names of the runs that failed: labels in a sweep with a grid, and seeds otherwise.
std::vector<std::string> FailedRuns(const std::vector<SweepRun>& runs);

/// The results as one line of JSON. `notes` are those of SweepNotes.
std::string SweepJson(const std::vector<SweepRun>& runs, const std::vector<std::string>& notes);

/// Prints a row for each run, with its number in each column. In a sweep without a grid, the mean
/// and the standard deviation follow below. Otherwise, the grid follows.
void PrintSweepTable(const std::vector<SweepRun>& runs, std::ostream* out);

}  // namespace pdarts

#endif  // PDARTS_SWEEPS_SWEEP_RESULTS_H_
