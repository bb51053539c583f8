#ifndef PDARTS_BASE_MEMORY_LIMITS_H_
#define PDARTS_BASE_MEMORY_LIMITS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pdarts {

/// One limit on the memory of this process.
struct MemoryLimit {
  /// The place where the limit is set, so that a user can find it: a file or a resource limit.
  std::string name;
  /// The bytes that the process can still allocate before it reaches the limit. Memory that the
  /// process has freed, and memory that only caches files, count as free.
  int64_t available_bytes = 0;
};

/// All limits that apply to this process: the physical memory of the machine, the control groups
/// (version 1 and 2) of the process and all their ancestors, RLIMIT_AS and RLIMIT_DATA. Limits that
/// are not set are omitted.
/// \param root is put in front of /proc and /sys. A test passes the root of a simulated tree.
std::vector<MemoryLimit> MemoryLimits(const std::string& root = "");

/// The limit of MemoryLimits(root) with the fewest available bytes; no value if there is no limit.
std::optional<MemoryLimit> TightestMemoryLimit(const std::string& root = "");

/// Which memory a run may use.
struct MemoryPolicy {
  /// Use memory even if it is not free.
  bool allow_swap = false;
  /// The limit that applies; unset: the tightest limit of the system.
  std::optional<MemoryLimit> limit;
  /// How many processes need the same memory at the same time. Each gets an equal part of the
  /// available bytes.
  int processes = 1;
};

}  // namespace pdarts

#endif  // PDARTS_BASE_MEMORY_LIMITS_H_
