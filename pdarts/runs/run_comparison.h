#ifndef PDARTS_RUNS_RUN_COMPARISON_H_
#define PDARTS_RUNS_RUN_COMPARISON_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// The first difference between two finished runs, which are searches or trainings. The function
/// compares their logs without times and memory, their derived architectures, and the tensors of
/// their weights. Unset if the runs are identical to the bit.
/// \error kNotFound if one of the runs lacks a file that the other run has; as Directory::ReadFile
/// and ReadWeightsFile; kDataLoss if a log cannot be parsed.
absl::StatusOr<std::optional<std::string>> FirstDifference(const std::string& before,
                                                           const std::string& now);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_COMPARISON_H_
