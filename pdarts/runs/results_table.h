#ifndef PDARTS_RUNS_RESULTS_TABLE_H_
#define PDARTS_RUNS_RESULTS_TABLE_H_

#include <string>
#include <vector>

#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// The rows of the published seed table.
const ResultsTable& PublishedResults();

/// Adds the published rows of the data sets and search spaces that the table has, and sorts: what
/// belongs together stands together, the published rows first. A published row without numbers
/// keeps its place until a row of its seed fills it.
void AddPublishedResults(ResultsTable* table);

/// The columns of the published table, what a benchmark says, what a training measured, the run's
/// name and its files, with commas between; a row a run, without the groups. Whoever reads it finds
/// the same columns always.
std::string ResultsCsv(const ResultsTable& table);

/// The same for people: files are links, and columns that no row fills are left out. Below it, a
/// table with mean and deviation of each group, the grids, and what the numbers mean.
std::string ResultsMarkdown(const ResultsTable& table);

/// A grid as a table of plain texts: a row of heads, and a row for each combination of values, with
/// means and deviations over its seeds.
std::vector<std::vector<std::string>> GridRows(const ResultsGrid& grid);

/// A table for each grid of the results: a row for each combination of values. Where one or two
/// fields vary, a plot made of characters follows, in a block of code. Empty without grids.
std::string GridsMarkdown(const ResultsTable& table);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RESULTS_TABLE_H_
