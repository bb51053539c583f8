#include "benchmarks/child_output.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/sweeps/child_processes.h"

namespace pdarts {

absl::StatusOr<std::string> OutputOf(const std::string& program, std::vector<std::string> words) {
  ChildCommand command;
  command.program = program;
  command.words = std::move(words);
  command.words.insert(command.words.begin(), program);
  PDARTS_ASSIGN_OR_RETURN(ChildOutput output, RunToEnd(std::move(command)));
  if (output.end.exit_code != 0) {
    return absl::InternalError(
        absl::StrCat(program, " ended with exit status ", output.end.exit_code,
                     output.end.signal == 9 ? " (out of memory?)" : "", ": ", output.text));
  }
  return std::move(output.text);
}

}  // namespace pdarts
