#include "pdarts/sessions/session_options.h"

#include <ostream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/json.h"
#include "pdarts/base/user_path.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/sessions/device.h"

namespace pdarts {
namespace {

/// The maximum number of threads for each processor. More threads than processors are useful only
/// to repeat a run of a larger machine. With many threads, each waits for all others at the end of
/// every operation.
constexpr int kThreadsPerProcessor = 4;

}  // namespace

void Tell(const std::vector<std::string>& notes, std::ostream* stream) {
  if (stream == nullptr) return;
  for (const std::string& note : notes) *stream << "note: " << note << "\n";
}

bool PrintedAsJson(const google::protobuf::Message& result, const SessionOptions& options) {
  if (options.results == nullptr) return true;
  if (!options.json) return false;
  *options.results << ToJsonLine(result) << "\n";
  return true;
}

std::string OutputDir(const SessionOptions& options, const std::string& name, int64_t seed) {
  return UserPath(options.output_dir.empty() ? absl::StrCat("runs/", RunName(name, seed))
                                             : options.output_dir);
}

absl::StatusOr<int> SetCheckedThreads(int threads) {
  if (threads < 0) {
    return absl::InvalidArgumentError(absl::StrCat("--threads: ", threads, " is negative"));
  }
  const int processors = NumProcessors();
  if (threads > kThreadsPerProcessor * processors) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--threads: ", threads, " is more than ", kThreadsPerProcessor * processors, ", ",
        kThreadsPerProcessor, " for each processor that this program may use (", processors, ")"));
  }
  return SetThreads(threads);
}

MemoryPolicy MemoryPolicyOf(const SessionOptions& options, int processes) {
  MemoryPolicy policy;
  policy.processes = processes;
  policy.allow_swap = options.allow_swap;
  return policy;
}

}  // namespace pdarts
