#ifndef PDARTS_BENCHMARKS_FLAG_CHECKS_H_
#define PDARTS_BENCHMARKS_FLAG_CHECKS_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// \error kInvalidArgument naming the flag, its value and `least`, if the value is smaller.
inline absl::Status CheckAtLeast(absl::string_view flag, int value, int least) {
  if (value >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, "=", value, ": expected at least ", least));
}

/// \error kInvalidArgument naming the flag, its value and the expected values, if the value is not
/// one of them.
inline absl::Status CheckOneOf(absl::string_view flag, const std::string& value,
                               const std::vector<std::string>& expected) {
  if (std::find(expected.begin(), expected.end(), value) != expected.end()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, "=", value, ": expected ", absl::StrJoin(expected, ", ")));
}

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_FLAG_CHECKS_H_
