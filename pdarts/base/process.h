#ifndef PDARTS_BASE_PROCESS_H_
#define PDARTS_BASE_PROCESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The peak of the resident memory of this process so far, in bytes.
int64_t PeakResidentBytes();

/// Returns freed memory to the system.
void ReturnFreedMemory();

/// Returns freed memory to the system, and restarts RecentPeakResidentBytes. The result is whether
/// the system supports this.
bool ResetRecentPeak();
/// The peak of the resident memory since ResetRecentPeak, in bytes.
int64_t RecentPeakResidentBytes();

/// The current resident memory of this process, in bytes.
int64_t ResidentBytes();

/// The value, in bytes, of a line "name:   123 kB" in a file of /proc; no value if there is no such
/// line.
std::optional<int64_t> KilobyteLine(const std::string& path, absl::string_view name);

/// Changes to the folder in which the user typed `bazel run`, because the paths of the user are
/// relative to it, and Bazel starts a program in its folder of runfiles. Does nothing if Bazel did
/// not start the program. \error if the folder cannot be entered, as the system reports it.
absl::Status EnterFolderOfBazelRun();

/// The model name of the CPU of this machine, as the system reports it.
std::string CpuName();

/// The host name of this machine; empty if the system has none.
std::string HostName();

/// The time now, UTC, RFC 3339 with milliseconds.
std::string TimeNow();

}  // namespace pdarts

#endif  // PDARTS_BASE_PROCESS_H_
