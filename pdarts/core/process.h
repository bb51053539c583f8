#ifndef PDARTS_CORE_PROCESS_H_
#define PDARTS_CORE_PROCESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace pdarts {

/// Most memory that this process has held resident so far, in bytes.
int64_t PeakResidentBytes();

/// Gives memory that was freed back to the system.
void ReturnFreedMemory();

/// Gives freed memory back to the system and begins RecentPeakResidentBytes anew. Returns whether
/// the system can do that.
bool ResetRecentPeak();
/// Most memory that the process has held resident since ResetRecentPeak, in bytes.
int64_t RecentPeakResidentBytes();

/// Memory that this process holds resident now, in bytes.
int64_t ResidentBytes();

/// The value, in bytes, of a line "name:   123 kB" of a file of /proc; nothing if there is no such
/// line.
std::optional<int64_t> KilobyteLine(const std::string& path, absl::string_view name);

/// Model name of this machine's CPU, as the system gives it.
std::string CpuName();

/// The name of this machine in its network; empty if the system gives none.
std::string HostName();

/// The time now, UTC, RFC 3339 with milliseconds.
std::string TimeNow();

}  // namespace pdarts

#endif  // PDARTS_CORE_PROCESS_H_
