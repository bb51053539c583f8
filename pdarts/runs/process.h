#ifndef PDARTS_RUNS_PROCESS_H_
#define PDARTS_RUNS_PROCESS_H_

#include <cstdint>
#include <string>

namespace pdarts {

/// Most memory that this process has held resident so far, in bytes.
int64_t PeakResidentBytes();

/// Model name of this machine's CPU, as the system gives it.
std::string CpuName();

/// The time now, UTC, RFC 3339 with milliseconds.
std::string TimeNow();

}  // namespace pdarts

#endif  // PDARTS_RUNS_PROCESS_H_
