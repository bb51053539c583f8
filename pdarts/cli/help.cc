#include "pdarts/cli/help.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "gflags/gflags.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/flag_text.h"
#include "pdarts/core/backend.h"
#include "pdarts/sessions/build_info.h"
#include "pdarts/sessions/device.h"

namespace pdarts {
namespace {

constexpr size_t kWidth = 80;

/// The text in lines of at most kWidth characters (longer if a word is longer), each after
/// `indentation` spaces.
std::string Wrapped(absl::string_view text, size_t indentation) {
  std::string lines, line;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!line.empty() && indentation + line.size() + 1 + word.size() > kWidth) {
      absl::StrAppend(&lines, std::string(indentation, ' '), line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  return absl::StrCat(lines, std::string(indentation, ' '), line, "\n");
}

std::string FlagHelp(const std::string& form, absl::string_view meaning,
                     absl::string_view default_value) {
  return absl::StrCat("  ", form, "\n",
                      Wrapped(absl::StrCat(meaning, " (default: ", default_value, ")"), 6));
}

/// The flags of glog that select the logged messages and their files.
std::string LoggingHelp() {
  std::string text = "logging, by glog (its other flags are taken too):\n";
  for (const char* name : {"v", "vmodule", "minloglevel", "log_dir"}) {
    gflags::CommandLineFlagInfo flag;
    CHECK(gflags::GetCommandLineFlagInfo(name, &flag)) << name;
    absl::StrAppend(
        &text,
        FlagHelp(absl::StrCat("--", name, flag.type == "string" ? "=TEXT" : "=NUMBER"),
                 flag.description, flag.default_value.empty() ? "none" : flag.default_value));
  }
  return text;
}

/// The words that a user types before the flags of a command.
std::string Prefix(const Program& program, const Command& command) {
  return absl::StrCat(program.name, command.name.empty() ? "" : " ", command.name);
}

}  // namespace

std::string CommandHelp(const Program& program, const Command& command) {
  const std::string prefix = Prefix(program, command);
  std::string help =
      absl::StrCat("usage: ", prefix, command.usage.empty() ? "" : " ", command.usage,
                   command.flags.empty() ? "" : " [--flags]", "\n\n", Wrapped(command.purpose, 0));
  if (!command.flags.empty()) absl::StrAppend(&help, "\nflags:\n");
  for (const std::string& flag : command.flags) {
    const FlagText text = DescribeFlag(command, flag);
    absl::StrAppend(&help, FlagHelp(FlagForm(flag, text), text.meaning, text.default_value));
  }
  absl::StrAppend(&help, "\nexamples:\n");
  for (const Example& example : command.examples) {
    absl::StrAppend(&help, Wrapped(absl::StrCat("# ", example.purpose), 2), "  ", prefix,
                    example.words.empty() ? "" : " ", example.words, "\n");
  }
  if (!command.flags.empty()) absl::StrAppend(&help, "\n", LoggingHelp());
  return help;
}

std::string ProgramHelp(const Program& program) {
  if (!program.has_named_commands()) return CommandHelp(program, program.commands[0]);
  std::string help = absl::StrCat("usage: ", program.name, " COMMAND [--flags] [ARGUMENTS]\n\n",
                                  Wrapped(program.purpose, 0), "\ncommands:\n");
  for (const Command& command : program.commands) {
    std::string lines = Wrapped(command.purpose, 14);
    lines.replace(2, command.name.size(), command.name);
    absl::StrAppend(&help, lines);
  }
  absl::StrAppend(&help, "\n",
                  Wrapped(absl::StrCat(program.name, " COMMAND --help describes a command and its ",
                                       "flags. ", program.name, " --version prints the version."),
                          0));
  return help;
}

absl::StatusOr<std::string> VersionText(const Program& program) {
  PDARTS_ASSIGN_OR_RETURN(const Backend backend, ResolveBackend(FUSED, FLOAT32, c10::kCPU));
  return absl::StrFormat("%s %s\ncommit          %s\nLibTorch        %s\ninstruction set %s\n",
                         program.name, BuildVersion(), BuildCommit(), LibTorchVersion(),
                         InstructionSetName(backend.instructions));
}

}  // namespace pdarts
