#ifndef PDARTS_CLI_COMMANDS_RUN_FOLDERS_H_
#define PDARTS_CLI_COMMANDS_RUN_FOLDERS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The absolute paths of the runs (searches and trainings) that a user named. Each argument is a
/// run, or a folder of runs, which are sorted by name. The result includes runs whose spec cannot
/// be read.
/// \error kInvalidArgument if there are no arguments; the message names `command`; kNotFound if an
/// argument is neither a run nor a folder of runs.
absl::StatusOr<std::vector<std::string>> RunFolders(absl::string_view command,
                                                    const std::vector<std::string>& arguments);

/// The runs that a command cannot handle. The command prints the reason for each of them, and
/// continues with the other runs.
class RunsLeftOut {
 public:
  /// `total` is the number of runs that the user gave.
  explicit RunsLeftOut(size_t total) : total_(total) {}
  /// Prints the reason on standard error, unless the run is the only one.
  void Add(const std::string& run, const absl::Status& reason);
  /// The status with which the command ends. \error the reason if the command got only one run;
  /// otherwise an error that names all runs that were left out.
  absl::Status status() const;
  bool are_all() const { return paths_.size() == total_; }

 private:
  const size_t total_;
  std::vector<std::string> paths_;
  absl::Status first_;
};

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMANDS_RUN_FOLDERS_H_
