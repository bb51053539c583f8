#ifndef PDARTS_TRAINERS_MEAN_SECONDS_H_
#define PDARTS_TRAINERS_MEAN_SECONDS_H_

#include <chrono>
#include <cstdint>

#include "absl/status/statusor.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {

/// The maximum number of images that a time estimate trains or evaluates on at once.
inline constexpr int64_t kMostTimedImages = 32;

/// Seconds since `begin`.
inline double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Mean seconds of a call of `run`, which returns a Status. Calls it until `enough` seconds have
/// passed, at least once and at most six times. One call before them does not count, because the
/// first call allocates memory and is slower.
/// \error of `run`.
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
