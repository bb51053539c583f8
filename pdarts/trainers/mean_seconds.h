#ifndef PDARTS_TRAINERS_MEAN_SECONDS_H_
#define PDARTS_TRAINERS_MEAN_SECONDS_H_

#include <chrono>
#include <cstdint>

#include "absl/status/statusor.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/seconds_since.h"

namespace pdarts {

/// The maximum number of images that a time estimate trains or evaluates on at once.
inline constexpr int64_t kMostTimedImages = 32;

/// Mean seconds of a call of `run`, which returns a Status. Calls it until `enough` seconds are
/// over, at least once and at most six times, after one call that does not count: the first call
/// is slower, as it allocates memory. \error what `run` returns.
template <class Run>
absl::StatusOr<double> MeanSeconds(double enough, const Run& run) {
  constexpr int kMostCalls = 6;
  PDARTS_RETURN_IF_ERROR(run());
  const auto begin = std::chrono::steady_clock::now();
  int calls = 0;
  do {
    PDARTS_RETURN_IF_ERROR(run());
    ++calls;
  } while (calls < kMostCalls && SecondsSince(begin) < enough);
  return SecondsSince(begin) / calls;
}

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_MEAN_SECONDS_H_
