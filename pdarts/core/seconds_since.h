#ifndef PDARTS_CORE_SECONDS_SINCE_H_
#define PDARTS_CORE_SECONDS_SINCE_H_

#include <chrono>

namespace pdarts {

/// Seconds since `begin`.
inline double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace pdarts

#endif  // PDARTS_CORE_SECONDS_SINCE_H_
