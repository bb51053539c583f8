#ifndef PDARTS_RUNS_RESULT_SUMMARY_H_
#define PDARTS_RUNS_RESULT_SUMMARY_H_

#include <optional>
#include <string>
#include <vector>

#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// A number of several runs' results.
struct ColumnSummary {
  /// The field's, as in RunResult: "supernet_top1", "benchmark.accuracy". What a benchmark predicts
  /// begins with "prediction.".
  std::string name;
  std::vector<std::optional<double>> values;  ///< of each run, where it has one
  double mean = 0;
  double deviation = 0;  ///< of the sample (n - 1); 0 for one run
};

/// The numbers that runs of one experiment differ in, in the order of RunResult's fields; those
/// that no run has are left out.
std::vector<ColumnSummary> SummarizeResults(const std::vector<RunResult>& results);

/// In what the results were made with they differ: a text for each such field of RunResult (commit,
/// LibTorch, processor, device, kernels, threads, data), with the seeds of each value:
/// "commit: 4c3f076 (seeds 1, 3), 7feb16c (seed 5)". A mean over such results is one over several
/// programs or data sets.
std::vector<std::string> OriginDifferences(const std::vector<RunResult>& results);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RESULT_SUMMARY_H_
