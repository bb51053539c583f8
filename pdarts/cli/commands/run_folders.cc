#include "pdarts/cli/commands/run_folders.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/cli/flags.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

bool IsRun(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "spec.textproto", error);
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
      if (!IsRun(entry.path())) continue;
      const absl::Status search = ReadRunSpec(entry.path().string()).status();
      if (search.ok()) {
        within.push_back(entry.path().string());
      } else {
        std::cerr << "note: passed over, since it is no search: " << search.message() << "\n";
      }
    }
    if (within.empty()) {
      return absl::NotFoundError(
          absl::StrCat(folder.string(), " is no run directory, and holds no search"));
    }
    std::sort(within.begin(), within.end());
    runs.insert(runs.end(), within.begin(), within.end());
  }
  return runs;
}

}  // namespace pdarts
