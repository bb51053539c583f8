#include "pdarts/cli/program.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <streambuf>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/cli/command_line.h"
#include "pdarts/cli/completion.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/help.h"
#include "pdarts/cli/logging.h"
#include "pdarts/cli/process_start.h"
#include "pdarts/cli/release_files.h"
#include "pdarts/cli/suggestion.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/nn/kernels/memory.h"
#include "pdarts/processes/agreement.h"
#include "pdarts/processes/process_group.h"
#include "pdarts/sessions/interrupt.h"

namespace pdarts {
namespace {

/// The text on the streams can contain names from files and servers, so control characters are
/// replaced.
void MakeOutputSafeForTerminals() {
  for (std::ostream* stream : {&std::cout, &std::cerr}) {
    // The buffer lives as long as the stream, which outlives every object.
    stream->rdbuf(new TerminalSafeBuffer(stream->rdbuf()));
  }
}

/// Sets how long LibTorch's threads spin before they sleep to a short time, unless the user has set
/// it. By default, the threads spin for whole time slices. A program that shares its cores with
/// other programs then becomes more than ten times slower. The thread pool reads this setting while
/// it is loaded, so the program must start itself again.
void LimitSpinning(char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("GOMP_SPINCOUNT", "20000", /*overwrite=*/1);  // on idle cores, not slower than the default
  execv("/proc/self/exe", argv);  // execv returns only if it fails; the default then stays
}

/// \error kInvalidArgument with the command that the user probably meant.
absl::StatusOr<const Command*> FindCommand(const Program& program, const std::string& name) {
  std::vector<std::string> known;
  for (const Command& command : program.commands) {
    if (command.name == name) return &command;
    known.push_back(command.name);
  }
  const std::string meant = ClosestWord(name, known);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown command \"", name, "\"",
                   meant.empty() ? "" : absl::StrCat(" (did you mean \"", meant, "\"?)"),
                   "; known: ", absl::StrJoin(known, ", ")));
}

/// The command must not outlive the program.
Command HelpCommand(const Program& program) {
  return {"help",
          "[COMMAND]",
          "describe the program, or one command and its flags",
          {},
          [&program](const std::vector<std::string>& arguments) -> absl::Status {
            if (arguments.size() > 1) {
              return absl::InvalidArgumentError(
                  absl::StrCat("help: unexpected argument \"", arguments[1], "\""));
            }
            if (arguments.empty()) {
              std::cout << ProgramHelp(program);
              return absl::OkStatus();
            }
            PDARTS_ASSIGN_OR_RETURN(const Command* command, FindCommand(program, arguments[0]));
            std::cout << CommandHelp(program, *command);
            return absl::OkStatus();
          },
          /*takes_arguments=*/true,
          {{"", "all commands"}, {"search", "what search does, and its flags"}}};
}

/// The command must not outlive the program.
Command CompletionCommand(const Program& program) {
  return {
      "completion",
      "bash|zsh",
      "print a script that completes commands, flags and values in a shell",
      {},
      [&program](const std::vector<std::string>& arguments) -> absl::Status {
        if (arguments.size() != 1 || (arguments[0] != "bash" && arguments[0] != "zsh")) {
          return absl::InvalidArgumentError("completion needs the shell's name: bash or zsh");
        }
        std::cout << (arguments[0] == "bash" ? BashCompletion(program) : ZshCompletion(program));
        return absl::OkStatus();
      },
      /*takes_arguments=*/true,
      {{"bash > ~/.local/share/bash-completion/completions/pdarts",
        "for every new bash that has the package bash-completion"},
       {"zsh > ~/.zsh/_pdarts", "for every new zsh whose $fpath has ~/.zsh"}}};
}

/// Discards everything that is written.
class SilentBuffer : public std::streambuf {
 protected:
  int overflow(int character) override { return traits_type::not_eof(character); }
  std::streamsize xsputn(const char*, std::streamsize count) override { return count; }
};

/// Silences this process. Only the first process prints, because all would print the same.
void SilenceStreams() {
  for (std::ostream* stream : {&std::cout, &std::cerr}) stream->rdbuf(new SilentBuffer);
}

/// Runs the command. If the program gets as far as joining its processes, it stores them in
/// `processes`.
absl::Status RunCommandLine(const std::vector<std::string>& words, const Program& program,
                            std::unique_ptr<ProcessGroup>* processes) {
  CommandLine line = ReadCommandLine(words, program.commands[0]);
  if (line.version) {
    PDARTS_ASSIGN_OR_RETURN(const std::string version, VersionText(program));
    std::cout << version;
    return absl::OkStatus();
  }
  const Command* command = &program.commands[0];
  if (program.has_named_commands()) {
    if (line.arguments.empty() && line.help) {
      std::cout << ProgramHelp(program);
      return absl::OkStatus();
    }
    if (line.arguments.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("no command is given; ", program.name, " help lists the commands"));
    }
    PDARTS_ASSIGN_OR_RETURN(command, FindCommand(program, line.arguments[0]));
    line = ReadCommandLine(words, *command);
    if (!line.arguments.empty()) line.arguments.erase(line.arguments.begin());
  }
  if (line.help) {
    std::cout << CommandHelp(program, *command);
    return absl::OkStatus();
  }
  const std::string& title = command->name.empty() ? program.name : command->name;
  PDARTS_RETURN_IF_ERROR(SetFlags(line, *command, title));
  if (!command->takes_arguments && !line.arguments.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(title, ": unexpected argument \"",
                                                   line.arguments[0], "\"; flags begin with --"));
  }
  PDARTS_RETURN_IF_ERROR(CheckWorkingDirectoryAtStart());
  PDARTS_RETURN_IF_ERROR(EnterFolderOfBazelRun());
  nn::KeepFreedMemory();
  ReportFileSizeLimitAsError();
  StartLogging(program.name.c_str());
  PDARTS_ASSIGN_OR_RETURN(*processes, ConnectProcesses(title, command->run_in_several != nullptr));
  if ((*processes)->communicator().rank() > 0) SilenceStreams();
  return command->run_in_several ? command->run_in_several(line.arguments, **processes)
                                 : command->run(line.arguments);
}

/// Flushes standard output, and checks that everything was written. A full disk is noticed only
/// here.
absl::Status FinishStandardOutput() {
  errno = 0;
  std::cout.flush();
  bool good = std::cout.good() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (good) {
    // Some file systems report an exceeded quota only in close().
    const int copy = dup(STDOUT_FILENO);
    good = copy < 0 || close(copy) == 0;
  }
  if (good) return absl::OkStatus();
  // If an earlier write failed, the reason is not known.
  if (errno == 0) return absl::DataLossError("cannot write all of the standard output");
  return absl::ErrnoToStatus(errno, "cannot write the standard output");
}

/// Ends the work together with the other processes, or tells them the reason why this process ends.
/// Returns the common status. Sets `must_exit` if the process cannot end in the usual way.
absl::Status LeaveProcesses(ProcessGroup& processes, absl::Status status, bool* must_exit) {
  if (status.ok() || IsAgreed(status)) {
    const absl::Status left = processes.Leave();
    if (left.ok() || !status.ok()) return status;
    status = left;
  }
  *must_exit = processes.LeaveWithError(status.message());
  return status;
}

/// Prints an error. `process` is "process 2 of 4: " for a process that is not the first of several.
/// Returns the exit status.
int Report(const absl::Status& status, const std::string& process, std::ostream& errors) {
  if (status.ok()) return 0;
  const bool is_told_by_first = !process.empty() && IsAgreed(status);
  if (!is_told_by_first) {
    errors << process << (absl::IsCancelled(status) ? "" : "error: ") << status.message() << "\n";
  }
  return absl::IsCancelled(status) ? 128 + InterruptSignal() : 1;
}

}  // namespace

int RunProgram(int argc, char** argv, Program program) {
  // If the program started itself again, the new program would not notice that the working
  // directory could not be used.
  if (CheckWorkingDirectoryAtStart().ok()) LimitSpinning(argv);
  std::error_code error;  // the path is empty if the system has no /proc
  UseReleaseFiles(std::filesystem::read_symlink("/proc/self/exe", error).string());
  MakeOutputSafeForTerminals();
  std::ostream errors(std::cerr.rdbuf());
  RememberCommandLine(argc, argv);
  std::unique_ptr<ProcessGroup> processes = LoneProcess();
  absl::Status status = CatchLibTorchErrors([&] {
    if (program.has_named_commands()) {
      program.commands.push_back(CompletionCommand(program));
      program.commands.push_back(HelpCommand(program));
      std::sort(program.commands.begin(), program.commands.end(),
                [](const Command& a, const Command& b) { return a.name < b.name; });
    }
    return RunCommandLine({argv + 1, argv + argc}, program, &processes);
  });
  status.Update(FinishStandardOutput());
  const Communicator& communicator = processes->communicator();
  const std::string process =
      communicator.rank() == 0
          ? ""
          : absl::StrCat("process ", communicator.rank(), " of ", communicator.size(), ": ");
  // The report is printed first, because MPI does not let a process leave while mpirun ends its
  // processes.
  int exit_status = Report(status, process, errors);
  errors.flush();
  bool must_exit = false;
  const absl::Status left = LeaveProcesses(*processes, status, &must_exit);
  if (status.ok()) exit_status = Report(left, process, errors);
  errors.flush();
  if (must_exit) _exit(exit_status);
  return exit_status;
}

}  // namespace pdarts
