#include "pdarts/base/system_calls_testing.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

namespace pdarts {
namespace {

struct Failure {
  std::string ending;
  int error = 0;
  size_t bytes_left = 0;
};

std::optional<Failure> failure;
std::optional<std::vector<std::string>> syncs;
bool loses_answers_to_renames = false;

std::string PathOf(int descriptor) {
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  char path[PATH_MAX];
  const ssize_t length = readlink(link.c_str(), path, sizeof(path));
  return std::string(path, length < 0 ? 0 : static_cast<size_t>(length));
}

bool EndsIn(const std::string& path, const std::string& ending) {
  return path.size() >= ending.size() &&
         path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
}

/// The function of the system with this name.
template <class Function>
Function* Next(const char* name) {
  void* function = dlsym(RTLD_NEXT, name);
  if (function == nullptr) std::abort();
  return reinterpret_cast<Function*>(function);
}

}  // namespace

FailingReads::FailingReads(std::string ending, int error, size_t bytes) {
  failure = Failure{std::move(ending), error, bytes};
}

FailingReads::~FailingReads() { failure.reset(); }

RecordedSyncs::RecordedSyncs() { syncs.emplace(); }

RecordedSyncs::~RecordedSyncs() { syncs.reset(); }

const std::vector<std::string>& RecordedSyncs::paths() const { return *syncs; }

LostAnswersToRenames::LostAnswersToRenames() { loses_answers_to_renames = true; }

LostAnswersToRenames::~LostAnswersToRenames() { loses_answers_to_renames = false; }

}  // namespace pdarts

extern "C" ssize_t read(int descriptor, void* bytes, size_t count) {
  static auto* const next = pdarts::Next<ssize_t(int, void*, size_t)>("read");
  auto& failure = pdarts::failure;
  if (!failure || !pdarts::EndsIn(pdarts::PathOf(descriptor), failure->ending)) {
    return next(descriptor, bytes, count);
  }
  if (failure->bytes_left == 0) {
    errno = failure->error;
    return -1;
  }
  const ssize_t got = next(descriptor, bytes, std::min(count, failure->bytes_left));
  if (got > 0) failure->bytes_left -= static_cast<size_t>(got);
  return got;
}

extern "C" int fsync(int descriptor) {
  static auto* const next = pdarts::Next<int(int)>("fsync");
  if (pdarts::syncs) pdarts::syncs->push_back(pdarts::PathOf(descriptor));
  return next(descriptor);
}

extern "C" int renameat(int from_directory, const char* from, int to_directory,
                        const char* to) noexcept {
  static auto* const next = pdarts::Next<int(int, const char*, int, const char*)>("renameat");
  if (next(from_directory, from, to_directory, to) != 0) return -1;
  if (!pdarts::loses_answers_to_renames) return 0;
  errno = ENOENT;
  return -1;
}
