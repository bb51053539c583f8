#ifndef PDARTS_RUNS_RESULT_SUMMARY_H_
#define PDARTS_RUNS_RESULT_SUMMARY_H_

#include <optional>
#include <string>
#include <vector>

#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// One number of the results of several runs.
struct ColumnSummary {
  /// The name of the field of RunResult: "supernet_top1", "benchmark.accuracy". The name of a
  /// number that a benchmark predicts begins with "prediction.".
  std::string name;
  /// Of each run. Unset if the run does not have the number.
  std::vector<std::optional<double>> values;
  double mean = 0;
  double deviation = 0;  ///< standard deviation of the sample (n - 1); 0 for one run
};

/// The numbers in which runs of one experiment may differ, in the order of the fields of RunResult.
/// Numbers that no run has are left out.
std::vector<ColumnSummary> SummarizeResults(const std::vector<RunResult>& results);

/// The differences in the provenance of the results. There is one text for each field of RunResult
/// that differs (commit, LibTorch, processor, device, kernels, threads, data). The text lists the
/// values with their seeds: "commit: 4c3f076 (seeds 1, 3), 7feb16c (seed 5)". A mean over such
/// results is a mean over several programs or datasets.
std::vector<std::string> OriginDifferences(const std::vector<RunResult>& results);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RESULT_SUMMARY_H_
