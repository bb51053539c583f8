#ifndef PDARTS_RUNS_RESULTS_TABLE_H_
#define PDARTS_RUNS_RESULTS_TABLE_H_

#include <string>
#include <vector>

#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// The rows of the published seed table.
const ResultsTable& PublishedResults();

/// Adds the published rows of the datasets and search spaces that are in the table. Sorts the
/// table: rows of the same dataset, search space and name follow each other, published rows first.
/// A published row without numbers stays until a run of its seed replaces it.
void AddPublishedResults(ResultsTable* table);

/// The results as CSV: one row for each run, without the groups. The columns are those of the
/// published table, the answer of the benchmark, the measurements of a training, the name of the
/// run and its files. The columns are always the same, so that scripts can rely on them.
std::string ResultsCsv(const ResultsTable& table);

/// The results as a table for people: files are links, and columns without values are left out.
/// Below the table are a table with the mean and the standard deviation of each group, the grids,
/// and an explanation of the numbers.
std::string ResultsMarkdown(const ResultsTable& table);

/// A grid as a table of plain texts: a row with the names of the columns, and a row for each
/// combination of values, with means and standard deviations over its seeds.
std::vector<std::vector<std::string>> GridRows(const ResultsGrid& grid);

/// A table for each grid of the results, with one row for each combination of values. If one or two
/// fields vary, a plot of characters follows in a code block. Empty if there are no grids.
std::string GridsMarkdown(const ResultsTable& table);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RESULTS_TABLE_H_
