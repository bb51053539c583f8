#include "benchmarks/child_output.h"

#include <sys/mman.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "pdarts/cli/child_processes.h"
#include "pdarts/core/file.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {

absl::StatusOr<std::string> OutputOf(const std::string& program, std::vector<std::string> words) {
  // A file in memory, because a pipe would have to be read meanwhile.
  const FileDescriptor output(memfd_create("output", MFD_CLOEXEC));
  if (!output.is_open()) return SystemError("make", "a file in memory");
  ChildCommand command;
  command.program = program;
  command.words = std::move(words);
  command.words.insert(command.words.begin(), program);
  command.output = output.number();
  ChildProcesses children;
  PDARTS_RETURN_IF_ERROR(children.Start(command).status());
  std::optional<EndedChild> ended;
  while (!ended) ended = children.Wait(absl::Hours(1));
  if (lseek(output.number(), 0, SEEK_SET) < 0) return SystemError("read", "a file in memory");
  PDARTS_ASSIGN_OR_RETURN(std::string text, ReadOpenFile(output, program));
  if (ended->exit_code != 0) {
    return absl::InternalError(absl::StrCat(program, " ended with exit status ", ended->exit_code,
                                            ended->signal == 9 ? " (out of memory?)" : "", ": ",
                                            text));
  }
  return text;
}

}  // namespace pdarts
