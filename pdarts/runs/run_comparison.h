#ifndef PDARTS_RUNS_RUN_COMPARISON_H_
#define PDARTS_RUNS_RUN_COMPARISON_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// Where two finished runs, searches or trainings, first differ: in their logs, without times and
/// memory, in what they found, or in a tensor of their weights. Nothing if they are the same to the
/// bit.
/// \error kNotFound if one of them lacks a file that the other has; as Directory::ReadFile and
/// ReadWeightsFile; kDataLoss if a log can't be parsed.
absl::StatusOr<std::optional<std::string>> FirstDifference(const std::string& before,
                                                           const std::string& now);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_COMPARISON_H_
