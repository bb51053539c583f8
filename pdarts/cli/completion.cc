#include "pdarts/cli/completion.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pdarts/base/shell_text.h"
#include "pdarts/cli/flag_text.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"

namespace pdarts {
namespace {

/// The possible values at one place of a command line.
struct Values {
  std::vector<std::string> words;
  bool files = false;
  bool directories = false;
};

/// `form` is the VALUE of a flag's text, or a word of a command's usage: "FILE", "cpu|cuda".
Values ValuesOf(absl::string_view form) {
  Values values;
  for (const absl::string_view part : absl::StrSplit(form, '|')) {
    const auto add_plugins = [&](const char* kind) {
      for (const std::string& name : PluginRegistry::Global().Names(kind)) {
        values.words.push_back(name);
      }
    };
    if (part == "FILE") {
      values.files = true;
    } else if (part == "DIR") {
      values.directories = true;
    } else if (part == "SPACE") {
      add_plugins(SearchSpace::kKind);
    } else if (part == "DATASET") {
      add_plugins(Dataset::kKind);
    } else if (part == "BENCHMARK") {
      add_plugins(Benchmark::kKind);
    } else if (std::none_of(part.begin(), part.end(),
                            [](unsigned char c) { return absl::ascii_isupper(c); })) {
      values.words.emplace_back(part);
    }
  }
  return values;
}

/// The possible words after the flags of a command.
Values ArgumentsOf(const Program& program, const Command& command) {
  Values values;
  if (!command.takes_arguments) return values;
  for (absl::string_view word : absl::StrSplit(command.usage, ' ', absl::SkipEmpty())) {
    if (absl::StartsWith(word, "-")) continue;
    absl::ConsumeSuffix(&word, "...");
    absl::ConsumePrefix(&word, "[");
    absl::ConsumeSuffix(&word, "]");
    if (word != "COMMAND") {
      values = ValuesOf(word);
      continue;
    }
    for (const Command& other : program.commands) values.words.push_back(other.name);
  }
  return values;
}

std::vector<std::string> CommandNames(const Program& program) {
  std::vector<std::string> names;
  for (const Command& command : program.commands) names.push_back(command.name);
  return names;
}

/// A branch of a `case` in bash, for the words that `patterns` match.
std::string BashBranch(const std::vector<std::string>& patterns, const Values& values) {
  std::string branch = absl::StrCat("    ", absl::StrJoin(patterns, " | "), ")\n");
  if (!values.words.empty()) {
    absl::StrAppend(&branch, "      words='", absl::StrJoin(values.words, " "), "'\n");
  }
  if (values.files || values.directories) {
    absl::StrAppend(&branch, "      paths=", values.files ? "file" : "directory", "\n");
  }
  return absl::StrCat(branch, "      ;;\n");
}

/// The text as an explanation in zsh's _arguments and _describe.
std::string ZshText(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

/// The action of zsh that completes values.
std::string ZshAction(const Values& values) {
  if (values.files) return "_files";
  if (values.directories) return "_files -/";
  return values.words.empty() ? " " : absl::StrCat("(", absl::StrJoin(values.words, " "), ")");
}

}  // namespace

std::string BashCompletion(const Program& program) {
  const std::string& name = program.name;
  std::string script = absl::StrCat(
      "# Completion of ", name, " for bash, written by: ", name, " completion bash\n_", name,
      "() {\n",
      "  local current=${COMP_WORDS[COMP_CWORD]} command='' flag='' words='' paths='' i\n"
      "  # Bash takes the equals sign of --flag=value for a word of its own.\n"
      "  if [[ $current == = ]]; then\n"
      "    flag=${COMP_WORDS[COMP_CWORD - 1]} current=''\n"
      "  elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then\n"
      "    flag=${COMP_WORDS[COMP_CWORD - 2]}\n"
      "  fi\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    if [[ ${COMP_WORDS[i]} != [-=]* && ${COMP_WORDS[i - 1]} != = ]]; then\n"
      "      command=${COMP_WORDS[i]}\n"
      "      break\n"
      "    fi\n"
      "  done\n"
      "  if [[ $flag == '' && $current == -* ]]; then flag=-; fi\n"
      "  case $command:$flag in\n");
  absl::StrAppend(&script, BashBranch({":"}, {CommandNames(program), false, false}),
                  BashBranch({":-"}, {{"--help", "--version"}, false, false}));
  // Places that take the same values share one branch.
  std::map<std::pair<std::vector<std::string>, int>, std::vector<std::string>> places;
  const auto add = [&](const std::string& place, const Values& values) {
    if (values.words.empty() && !values.files && !values.directories) return;
    places[{values.words, values.files * 2 + values.directories}].push_back(place);
  };
  for (const Command& command : program.commands) {
    Values flags;
    for (const std::string& flag : command.flags) {
      const FlagText text = DescribeFlag(command, flag);
      flags.words.push_back(absl::StrCat("--", flag, text.value.empty() ? "" : "="));
      if (!text.value.empty()) {
        add(absl::StrCat(command.name, ":--", flag), ValuesOf(text.value));
      }
    }
    flags.words.emplace_back("--help");
    absl::StrAppend(&script, BashBranch({absl::StrCat(command.name, ":-")}, flags));
    add(absl::StrCat(command.name, ":"), ArgumentsOf(program, command));
  }
  for (const auto& [values, patterns] : places) {
    absl::StrAppend(&script, BashBranch(patterns, {values.first, (values.second & 2) != 0,
                                                   (values.second & 1) != 0}));
  }
  absl::StrAppend(
      &script,
      "  esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "  if [[ $paths != '' ]]; then\n"
      "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -A $paths -- \"$current\")\n"
      "    compopt -o filenames 2> /dev/null\n"
      "  fi\n"
      "  if [[ ${COMPREPLY[0]-} == *= ]]; then compopt -o nospace 2> /dev/null; fi\n"
      "}\n"
      "complete -F _",
      name, " ", name, "\n");
  return script;
}

std::string ZshCompletion(const Program& program) {
  const std::string& name = program.name;
  std::string script =
      absl::StrCat("#compdef ", name, "\n# Completion of ", name, " for zsh, written by: ", name,
                   " completion zsh\n_", name, "() {\n  local -a commands=(\n");
  for (const Command& command : program.commands) {
    absl::StrAppend(&script, "    ",
                    QuotedForShell(absl::StrCat(command.name, ":", ZshText(command.purpose))),
                    "\n");
  }
  absl::StrAppend(&script,
                  "  )\n"
                  "  if (( CURRENT == 2 )); then\n"
                  "    if [[ $words[2] == -* ]]; then\n"
                  "      compadd -- --help --version\n"
                  "    else\n"
                  "      _describe command commands\n"
                  "    fi\n"
                  "    return\n"
                  "  fi\n"
                  "  shift words\n"
                  "  (( CURRENT-- ))\n"
                  "  case $words[1] in\n");
  for (const Command& command : program.commands) {
    absl::StrAppend(&script, "    ", command.name, ")\n      _arguments");
    for (const std::string& flag : command.flags) {
      const FlagText text = DescribeFlag(command, flag);
      const std::string explanation = absl::StrCat("[", ZshText(text.meaning), "]");
      absl::StrAppend(&script, " \\\n        ",
                      QuotedForShell(text.value.empty()
                                         ? absl::StrCat("--", flag, explanation)
                                         : absl::StrCat(IsRepeatable(text) ? "*" : "", "--", flag,
                                                        "=", explanation, ":", ZshText(text.value),
                                                        ":", ZshAction(ValuesOf(text.value)))));
    }
    absl::StrAppend(&script, " \\\n        '--help[describe the command and its flags]'");
    if (command.takes_arguments) {
      absl::StrAppend(
          &script, " \\\n        ",
          QuotedForShell(absl::StrCat("*:argument:", ZshAction(ArgumentsOf(program, command)))));
    }
    absl::StrAppend(&script, "\n      ;;\n");
  }
  // If zsh loads the file from $fpath, the file is the body of the function. If the user sources
  // the file, it only registers the function.
  absl::StrAppend(&script, "  esac\n}\nif [[ ${funcstack[1]-} == _", name, " ]]; then\n  _", name,
                  " \"$@\"\nelse\n  compdef _", name, " ", name, "\nfi\n");
  return script;
}

}  // namespace pdarts
