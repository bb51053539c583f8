#include "pdarts/base/memory_limits.h"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "pdarts/base/process.h"

namespace pdarts {
namespace {

/// Version 1 writes "no limit" as the largest multiple of the page size.
constexpr int64_t kNoLimit = int64_t{1} << 62;

/// A file of a control group with a limit, and the file with the current use.
struct LimitFile {
  absl::string_view limit;
  absl::string_view usage;
};

/// How a version of control groups is mounted, and how it counts memory.
struct GroupVersion {
  absl::string_view file_system;
  /// Version 1: the name of the controller in /proc/self/cgroup and in the mount. Version 2 has no
  /// name.
  absl::string_view controller;
  std::vector<LimitFile> limits;
  /// The line of memory.stat with the bytes of cached files that the system frees when it needs
  /// memory.
  absl::string_view inactive_files;
};

const std::vector<GroupVersion>& GroupVersions() {
  static const auto* versions = new std::vector<GroupVersion>{
      {"cgroup",
       "memory",
       {{"memory.limit_in_bytes", "memory.usage_in_bytes"},
        {"memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes"}},
       "total_inactive_file"},
      {"cgroup2",
       "",
       {{"memory.max", "memory.current"}, {"memory.high", "memory.current"}},
       "inactive_file"}};
  return *versions;
}

std::vector<std::string> Lines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

/// The number in a file; no value if the file is missing or contains "max".
std::optional<int64_t> Number(const std::string& path) {
  const std::vector<std::string> lines = Lines(path);
  int64_t number = 0;
  if (lines.empty() || !absl::SimpleAtoi(lines[0], &number)) return std::nullopt;
  return number;
}

/// The number of a line "name 123"; 0 if there is none.
int64_t NumberOfLine(const std::string& path, absl::string_view name) {
  for (const std::string& line : Lines(path)) {
    absl::string_view rest = line;
    int64_t number = 0;
    if (absl::ConsumePrefix(&rest, name) && absl::SimpleAtoi(rest, &number)) return number;
  }
  return 0;
}

/// The path of the process's group from the root of a version; no value if the process has none.
std::optional<std::string> GroupPath(const GroupVersion& version, const std::string& root) {
  for (const std::string& line : Lines(root + "/proc/self/cgroup")) {
    // "number:controllers:path"; the path may hold colons.
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() == 3 &&
        absl::c_linear_search(absl::StrSplit(parts[1], ','), version.controller)) {
      return parts[2];
    }
  }
  return std::nullopt;
}

/// A directory in which a version is mounted, and the group that appears in the directory.
struct Mount {
  std::string directory;
  std::string group;
};

std::vector<Mount> Mounts(const GroupVersion& version, const std::string& root) {
  std::vector<Mount> mounts;
  for (const std::string& line : Lines(root + "/proc/self/mountinfo")) {
    // proc(5): id, parent, device, root, mount point, options, any number of fields, "-",
    // file system, source, options of the file system.
    const std::vector<std::string> fields = absl::StrSplit(line, ' ');
    const auto dash = absl::c_find(fields, "-");
    if (fields.size() < 5 || fields.end() - dash < 4 || dash[1] != version.file_system) continue;
    if (!version.controller.empty() &&
        !absl::c_linear_search(absl::StrSplit(dash[3], ','), version.controller)) {
      continue;
    }
    Mount mount;
    if (!absl::CUnescape(fields[4], &mount.directory) ||
        !absl::CUnescape(fields[3], &mount.group)) {
      continue;
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

/// The path of the process's group below the group that a mount shows: "" or "/...". Also "" if the
/// mount does not show the group.
std::string PathBelow(const Mount& mount, const std::string& group) {
  absl::string_view path = group;
  if (mount.group != "/" && !absl::ConsumePrefix(&path, mount.group)) return "";
  if (path.empty() || path == "/" || path[0] != '/' || absl::StrContains(path, "..")) return "";
  return std::string(path);
}

void AddGroupLimits(const GroupVersion& version, const std::string& root,
                    std::vector<MemoryLimit>* limits) {
  const std::optional<std::string> group = GroupPath(version, root);
  if (!group) return;
  for (const Mount& mount : Mounts(version, root)) {
    std::string path = PathBelow(mount, *group);
    while (true) {
      const std::string directory = absl::StrCat(root, mount.directory, path);
      for (const LimitFile& file : version.limits) {
        const std::string name = absl::StrCat(directory, "/", file.limit);
        const std::optional<int64_t> limit = Number(name);
        const std::optional<int64_t> usage = Number(absl::StrCat(directory, "/", file.usage));
        if (!limit || !usage || *limit >= kNoLimit) continue;
        const int64_t cached = NumberOfLine(absl::StrCat(directory, "/memory.stat"),
                                            absl::StrCat(version.inactive_files, " "));
        limits->push_back(
            {name, std::max<int64_t>(0, *limit - std::max<int64_t>(0, *usage - cached))});
      }
      if (path.empty()) break;
      path.erase(path.rfind('/'));
    }
  }
}

/// Address space that the allocator holds, but has not handed out.
int64_t FreeHeapBytes() {
#ifdef __GLIBC__
  return static_cast<int64_t>(mallinfo2().fordblks);
#else
  return 0;
#endif
}

/// in_use: the line of /proc/self/status that counts against the limit. Both limits apply to
/// address space, not to resident memory.
void AddResourceLimit(decltype(RLIMIT_AS) resource, absl::string_view name,
                      absl::string_view in_use, const std::string& root,
                      std::vector<MemoryLimit>* limits) {
  rlimit limit;
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  const int64_t used = KilobyteLine(root + "/proc/self/status", in_use).value_or(0);
  limits->push_back({std::string(name), std::max<int64_t>(0, static_cast<int64_t>(limit.rlim_cur) -
                                                                 used + FreeHeapBytes())});
}

}  // namespace

std::vector<MemoryLimit> MemoryLimits(const std::string& root) {
  std::vector<MemoryLimit> limits;
  const std::string meminfo = root + "/proc/meminfo";
  if (const std::optional<int64_t> available = KilobyteLine(meminfo, "MemAvailable")) {
    limits.push_back({absl::StrCat("the machine's memory, ", meminfo), *available});
  }
  for (const GroupVersion& version : GroupVersions()) AddGroupLimits(version, root, &limits);
  AddResourceLimit(RLIMIT_AS, "RLIMIT_AS, ulimit -v", "VmSize", root, &limits);
  AddResourceLimit(RLIMIT_DATA, "RLIMIT_DATA, ulimit -d", "VmData", root, &limits);
  return limits;
}

std::optional<MemoryLimit> TightestMemoryLimit(const std::string& root) {
  const std::vector<MemoryLimit> limits = MemoryLimits(root);
  const auto tightest = absl::c_min_element(limits, [](const MemoryLimit& a, const MemoryLimit& b) {
    return a.available_bytes < b.available_bytes;
  });
  if (tightest == limits.end()) return std::nullopt;
  return *tightest;
}

}  // namespace pdarts
