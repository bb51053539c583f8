#ifndef PDARTS_CLI_COMMANDS_RUN_FOLDERS_H_
#define PDARTS_CLI_COMMANDS_RUN_FOLDERS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The absolute paths of the runs, searches and trainings, that a user named: each argument is a
/// run, or holds runs, which are sorted by name. A run whose spec can't be read is among them.
/// \error kInvalidArgument if `command` is given nothing; kNotFound if an argument is neither.
absl::StatusOr<std::vector<std::string>> RunFolders(absl::string_view command,
                                                    const std::vector<std::string>& arguments);

/// The runs that a command can't handle. It tells of each and goes on with the others.
class RunsLeftOut {
 public:
  /// `total`: how many runs the command was given.
  explicit RunsLeftOut(size_t total) : total_(total) {}
  /// Notes a run on standard error, unless it is the only one.
  void Add(const std::string& run, const absl::Status& reason);
  /// How the command ends. \error the reason where there is one run, else one that names all that
  /// are left out.
  absl::Status status() const;
  bool are_all() const { return paths_.size() == total_; }

 private:
  const size_t total_;
  std::vector<std::string> paths_;
  absl::Status first_;
};

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMANDS_RUN_FOLDERS_H_
