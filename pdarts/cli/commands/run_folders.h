#ifndef PDARTS_CLI_COMMANDS_RUN_FOLDERS_H_
#define PDARTS_CLI_COMMANDS_RUN_FOLDERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The absolute paths of the searches that a user named: each argument is a run, or holds runs; of
/// these the searches are taken, sorted by name.
/// \error kInvalidArgument if `command` is given nothing; kNotFound if an argument is neither.
absl::StatusOr<std::vector<std::string>> RunFolders(absl::string_view command,
                                                    const std::vector<std::string>& arguments);

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMANDS_RUN_FOLDERS_H_
