#include "pdarts/base/memory_limits.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/base/sanitizer.h"

namespace pdarts {
namespace {

constexpr int64_t kMegabyte = 1000000;

/// A simulated /proc and /sys.
class MemoryLimitsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/memory.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    Write("/proc/meminfo", "MemTotal:       16000000 kB\nMemAvailable:   8000000 kB\n");
    Write("/proc/self/status", "Name:\ttest\nVmSize:\t  500000 kB\nVmData:\t  200000 kB\n");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  void Version1(const std::string& group, int64_t limit_mb, int64_t usage_mb, int64_t cached_mb) {
    const std::string directory = "/sys/fs/cgroup/memory" + group;
    Write(directory + "/memory.limit_in_bytes",
          limit_mb < 0 ? "9223372036854771712\n" : absl::StrCat(limit_mb * kMegabyte, "\n"));
    Write(directory + "/memory.usage_in_bytes", absl::StrCat(usage_mb * kMegabyte, "\n"));
    Write(directory + "/memory.stat", absl::StrCat("cache 1\ninactive_file 1\ntotal_inactive_file ",
                                                   cached_mb * kMegabyte, "\n"));
  }

  void Version2(const std::string& group, const std::string& maximum, const std::string& high,
                int64_t usage_mb, int64_t cached_mb) {
    const std::string directory = "/sys/fs/cgroup" + group;
    Write(directory + "/memory.max", maximum + "\n");
    Write(directory + "/memory.high", high + "\n");
    Write(directory + "/memory.current", absl::StrCat(usage_mb * kMegabyte, "\n"));
    Write(directory + "/memory.stat",
          absl::StrCat("anon 1\ninactive_file ", cached_mb * kMegabyte, "\n"));
  }

  void ExpectTightest(const std::string& name, int64_t available_bytes) {
    const std::optional<MemoryLimit> limit = TightestMemoryLimit(root_);
    ASSERT_TRUE(limit);
    EXPECT_EQ(limit->name, name);
    EXPECT_EQ(limit->available_bytes, available_bytes);
  }
  /// The machine's memory, with no other limit.
  void ExpectNoGroupLimit() {
    EXPECT_EQ(MemoryLimits(root_).size(), 1U);
    ExpectTightest("the machine's memory, " + root_ + "/proc/meminfo", int64_t{8000000} * 1024);
  }

  std::string root_;
};

constexpr char kVersion1Mount[] =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
constexpr char kVersion2Mount[] =
    "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST_F(MemoryLimitsTest, WithoutGroupsTheMachinesMemoryHolds) { ExpectNoGroupLimit(); }

TEST_F(MemoryLimitsTest, WithoutProcThereIsNoLimit) {
  EXPECT_FALSE(TightestMemoryLimit(root_ + "/nowhere"));
}

TEST_F(MemoryLimitsTest, Version1GroupAndItsAncestorsHold) {
  Write("/proc/self/mountinfo", kVersion1Mount);
  Write("/proc/self/cgroup", "5:cpuset:/other\n4:memory:/outer/in:ner\n0::/\n");
  Version1("", -1, 9000, 0);
  Version1("/outer", -1, 400, 0);
  Version1("/outer/in:ner", -1, 300, 0);
  Version1("/other", 100, 50, 0);  // belongs to another controller
  ExpectNoGroupLimit();
  Version1("/outer/in:ner", 600, 300, 40);
  ExpectTightest(root_ + "/sys/fs/cgroup/memory/outer/in:ner/memory.limit_in_bytes",
                 340 * kMegabyte);
  Version1("/outer", 500, 400, 50);
  ExpectTightest(root_ + "/sys/fs/cgroup/memory/outer/memory.limit_in_bytes", 150 * kMegabyte);
  Version1("", 1000, 990, 0);
  ExpectTightest(root_ + "/sys/fs/cgroup/memory/memory.limit_in_bytes", 10 * kMegabyte);
  Write("/sys/fs/cgroup/memory/outer/memory.memsw.limit_in_bytes", "500000000\n");
  Write("/sys/fs/cgroup/memory/outer/memory.memsw.usage_in_bytes", "545000000\n");
  ExpectTightest(root_ + "/sys/fs/cgroup/memory/outer/memory.memsw.limit_in_bytes", 5 * kMegabyte);
}

TEST_F(MemoryLimitsTest, UsageAboveALimitLeavesNothing) {
  Write("/proc/self/mountinfo", kVersion1Mount);
  Write("/proc/self/cgroup", "4:memory:/job\n");
  Version1("/job", 100, 150, 20);
  ExpectTightest(root_ + "/sys/fs/cgroup/memory/job/memory.limit_in_bytes", 0);
}

TEST_F(MemoryLimitsTest, AContainerSeesItsOwnGroupAtTheMountPoint) {
  // Docker with version 1 and without a namespace for control groups.
  Write("/proc/self/mountinfo",
        "35 31 0:32 /docker/4f5e /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory\n");
  Write("/proc/self/cgroup", "4:cpu,memory:/docker/4f5e/job\n");
  Version1("", 600, 200, 0);
  Version1("/job", 500, 150, 0);
  ExpectTightest(root_ + "/sys/fs/cgroup/memory/job/memory.limit_in_bytes", 350 * kMegabyte);
  // The mount does not show the group, so the limits of the shown group apply.
  Write("/proc/self/cgroup", "4:memory:/elsewhere\n");
  ExpectTightest(root_ + "/sys/fs/cgroup/memory/memory.limit_in_bytes", 400 * kMegabyte);
  Write("/proc/self/cgroup", "4:memory:/docker/4f5e7/job\n");
  ExpectTightest(root_ + "/sys/fs/cgroup/memory/memory.limit_in_bytes", 400 * kMegabyte);
}

TEST_F(MemoryLimitsTest, Version2GroupAndItsAncestorsHold) {
  Write("/proc/self/mountinfo", kVersion2Mount);
  Write("/proc/self/cgroup", "0::/user.slice/job.scope\n");
  Version2("/user.slice", "max", "max", 700, 0);
  Version2("/user.slice/job.scope", "max", "max", 600, 0);
  ExpectNoGroupLimit();
  Version2("/user.slice/job.scope", "1000000000", "max", 600, 25);
  ExpectTightest(root_ + "/sys/fs/cgroup/user.slice/job.scope/memory.max", 425 * kMegabyte);
  Version2("/user.slice", "1000000000", "900000000", 700, 100);
  ExpectTightest(root_ + "/sys/fs/cgroup/user.slice/memory.high", 300 * kMegabyte);
}

TEST_F(MemoryLimitsTest, AVersion2NamespaceSeesItsOwnGroupAtTheMountPoint) {
  Write("/proc/self/mountinfo", kVersion2Mount);
  Version2("", "600000000", "max", 100, 0);
  for (const char* path : {"/", "/../../elsewhere"}) {
    Write("/proc/self/cgroup", absl::StrCat("0::", path, "\n"));
    ExpectTightest(root_ + "/sys/fs/cgroup/memory.max", 500 * kMegabyte);
  }
}

TEST_F(MemoryLimitsTest, AMountPointMayHoldSpaces) {
  Write("/proc/self/mountinfo", "29 23 0:26 / /sys/my\\040groups rw - cgroup2 cgroup2 rw\n");
  Write("/proc/self/cgroup", "0::/\n");
  Write("/sys/my groups/memory.max", "600000000\n");
  Write("/sys/my groups/memory.current", "100000000\n");
  ExpectTightest(root_ + "/sys/my groups/memory.max", 500 * kMegabyte);
}

/// Ends this process. The status is 0 if the tightest limit has this name and between 0.9 and 1.1
/// times `megabytes` available.
void ExitByTightest(const std::string& root, const std::string& name, double megabytes) {
  const std::optional<MemoryLimit> limit = TightestMemoryLimit(root);
  const double found = limit ? static_cast<double>(limit->available_bytes) / kMegabyte : -1;
  std::cerr << (limit ? limit->name : "no limit") << " leaves " << found << " MB\n";
  _exit(limit && limit->name == name && found > 0.9 * megabytes && found < 1.1 * megabytes ? 0 : 1);
}

void SetLimit(decltype(RLIMIT_AS) resource, int64_t bytes) {
  rlimit limit;
  getrlimit(resource, &limit);
  limit.rlim_cur = static_cast<rlim_t>(bytes);
  setrlimit(resource, &limit);
}

TEST_F(MemoryLimitsTest, ResourceLimitsCountAddressSpace) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer maps more address space than the limits allow";
  // 512 MB are in use (VmSize). 205 MB of them are data (VmData), whether they are resident or not.
  EXPECT_EXIT(
      {
        SetLimit(RLIMIT_AS, 2512 * kMegabyte);
        ExitByTightest(root_, "RLIMIT_AS, ulimit -v", 2000);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EXIT(
      {
        SetLimit(RLIMIT_AS, 2512 * kMegabyte);
        SetLimit(RLIMIT_DATA, 1205 * kMegabyte);
        ExitByTightest(root_, "RLIMIT_DATA, ulimit -d", 1000);
      },
      testing::ExitedWithCode(0), "");
}

/// The directory of this process's memory group of version 1; empty if there is none.
std::string OwnVersion1Group() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(":memory:");
    if (colon != std::string::npos) {
      return "/sys/fs/cgroup/memory" + line.substr(colon + std::string(":memory:").size());
    }
  }
  return "";
}

TEST(RealMemoryLimitsTest, AVersion1GroupOfThisMachineHolds) {
  const std::string own = OwnVersion1Group();
  if (own.empty()) GTEST_SKIP() << "this machine has no version 1 memory controller";
  const std::string group = absl::StrCat(own, "/pdarts_memory_limits_test_", getpid());
  if (mkdir(group.c_str(), 0755) != 0) GTEST_SKIP() << "cannot make the control group " << group;
  const std::string limit = group + "/memory.limit_in_bytes";
  std::ofstream(limit) << 64 * kMegabyte;
  EXPECT_EXIT(
      {
        std::ofstream(group + "/cgroup.procs") << getpid() << std::flush;
        ExitByTightest("", limit, 64);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EQ(rmdir(group.c_str()), 0);
}

}  // namespace
}  // namespace pdarts
