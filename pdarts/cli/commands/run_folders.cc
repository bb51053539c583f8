#include "pdarts/cli/commands/run_folders.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/runs/run_names.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

bool IsRun(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / kSpecFile, error);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> RunFolders(absl::string_view command,
                                                    const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(command, " needs at least one run's DIR"));
  }
  std::vector<std::string> runs;
  for (const std::string& argument : arguments) {
    const fs::path folder = UserPath(argument);
    if (IsRun(folder)) {
      runs.push_back(folder.string());
      continue;
    }
    std::vector<std::string> within;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (IsRun(entry.path())) within.push_back(entry.path().string());
    }
    if (within.empty()) {
      return absl::NotFoundError(
          absl::StrCat(folder.string(), " is not a run directory, and holds no run"));
    }
    std::sort(within.begin(), within.end());
    runs.insert(runs.end(), within.begin(), within.end());
  }
  return runs;
}

void RunsLeftOut::Add(const std::string& run, const absl::Status& reason) {
  paths_.push_back(run);
  first_.Update(reason);
  if (total_ > 1) Tell({absl::StrCat(run, " is left out: ", reason.message())});
}

absl::Status RunsLeftOut::status() const {
  if (paths_.empty() || total_ == 1) return first_;
  return absl::Status(first_.code(),
                      absl::StrCat(paths_.size(), " of ", total_,
                                   " runs are left out: ", absl::StrJoin(paths_, ", ")));
}

}  // namespace pdarts
