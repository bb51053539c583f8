#ifndef PDARTS_CORE_MEMORY_LIMITS_H_
#define PDARTS_CORE_MEMORY_LIMITS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pdarts {

/// One limit on the memory of this process.
struct MemoryLimit {
  /// What sets the limit, so that a user finds it: a file or a resource limit.
  std::string name;
  /// What the process can still take before it reaches the limit, in bytes. Memory that the process
  /// has freed and memory that only caches files count as free.
  int64_t available_bytes = 0;
};

/// Every limit that holds for this process: the physical memory of the machine, the control groups
/// (version 1 and 2) of the process and all their ancestors, RLIMIT_AS and RLIMIT_DATA. Limits that
/// are not set are left out.
/// \param root is put in front of /proc and /sys: the root of a made-up tree in a test.
std::vector<MemoryLimit> MemoryLimits(const std::string& root = "");

/// The limit of MemoryLimits(root) that leaves least; nothing if there is no limit.
std::optional<MemoryLimit> TightestMemoryLimit(const std::string& root = "");

/// Which memory may be taken.
struct MemoryPolicy {
  /// Take memory even if it is not free.
  bool allow_swap = false;
  /// The limit that holds; unset: the tightest one that the system sets.
  std::optional<MemoryLimit> limit;
  /// How many processes take as much as this one at the same time, each an equal part of what the
  /// limit leaves.
  int processes = 1;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_MEMORY_LIMITS_H_
