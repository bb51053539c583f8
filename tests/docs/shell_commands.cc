#include "tests/docs/shell_commands.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace pdarts {
namespace {

/// The line without a comment. A comment follows a space.
std::string WithoutComment(absl::string_view line) {
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '#' && (i == 0 || line[i - 1] == ' ')) {
      line = line.substr(0, i);
      break;
    }
  }
  return std::string(absl::StripAsciiWhitespace(line));
}

/// The lines after `title`, up to the next empty line.
std::vector<absl::string_view> SectionOf(absl::string_view text, absl::string_view title) {
  std::vector<absl::string_view> section;
  bool within = false;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (within && line.empty()) break;
    if (within) section.push_back(line);
    within = within || line == title;
  }
  return section;
}

bool TextMatches(absl::string_view shown, absl::string_view printed) {
  const std::vector<absl::string_view> parts = absl::StrSplit(shown, "...");
  if (parts.size() == 1) return shown == printed;
  if (!absl::ConsumePrefix(&printed, parts.front())) return false;
  for (size_t i = 1; i + 1 < parts.size(); ++i) {
    const size_t at = printed.find(parts[i]);
    if (at == printed.npos) return false;
    printed.remove_prefix(at + parts[i].size());
  }
  return absl::EndsWith(printed, parts.back());
}

bool MatchesFrom(const std::vector<std::string>& shown, size_t i,
                 const std::vector<std::string>& printed, size_t k) {
  if (i == shown.size()) return k == printed.size();
  if (shown[i] == "...") {
    for (size_t rest = k; rest <= printed.size(); ++rest) {
      if (MatchesFrom(shown, i + 1, printed, rest)) return true;
    }
    return false;
  }
  return k < printed.size() && TextMatches(shown[i], printed[k]) &&
         MatchesFrom(shown, i + 1, printed, k + 1);
}

}  // namespace

std::vector<ShellCommand> CommandsOf(const CodeBlock& block) {
  const bool console = block.language == "console";
  std::vector<ShellCommand> commands;
  bool goes_on = false;
  for (size_t i = 0; i < block.lines.size(); ++i) {
    absl::string_view line = block.lines[i];
    const bool begins = !goes_on && (!console || absl::ConsumePrefix(&line, "$ "));
    if (!begins && !goes_on) {
      if (!commands.empty()) commands.back().output.emplace_back(line);
      continue;
    }
    std::string text = WithoutComment(line);
    if (begins) commands.push_back({block.line + 1 + static_cast<int>(i), "", {}});
    goes_on = absl::EndsWith(text, "\\");
    if (goes_on) text = std::string(absl::StripAsciiWhitespace(absl::StripSuffix(text, "\\")));
    absl::StrAppend(&commands.back().text, commands.back().text.empty() ? "" : " ", text);
    if (commands.back().text.empty()) commands.pop_back();
  }
  return commands;
}

std::vector<std::string> ShellWords(absl::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : command) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ') {
      if (in_word) words.push_back(word);
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(word);
  return words;
}

bool ParsePdartsCall(const std::vector<std::string>& words, PdartsCall* call) {
  size_t i = 0;
  // Settings of environment variables come before the command.
  while (i < words.size() && absl::StrContains(words[i], '=') &&
         absl::ascii_isupper(static_cast<unsigned char>(words[i][0]))) {
    ++i;
  }
  if (i == words.size()) return false;
  if (words[i] == "pdarts") {
    call->target = "//pdarts/cli:pdarts";
    call->arguments.assign(words.begin() + static_cast<int64_t>(i) + 1, words.end());
  } else if ((words[i] == "./bazelw" || words[i] == "bazel") && i + 1 < words.size() &&
             words[i + 1] == "run") {
    for (i += 2; i < words.size() && absl::StartsWith(words[i], "--"); ++i) {
    }
    if (i == words.size()) return false;
    call->target = words[i];
    ++i;
    if (i < words.size() && words[i] == "--") ++i;
    call->arguments.assign(words.begin() + static_cast<int64_t>(i), words.end());
  } else {
    return false;
  }
  for (size_t end = 0; end < call->arguments.size(); ++end) {
    const std::string& word = call->arguments[end];
    if (word == ">" || word == "|" || word == "&" || word == "2>" || word == ";" || word == "&&") {
      call->arguments.resize(end);
    }
  }
  return true;
}

std::set<std::string> CommandsInHelp(absl::string_view help) {
  std::set<std::string> commands;
  for (absl::string_view line : SectionOf(help, "commands:")) {
    if (absl::ConsumePrefix(&line, "  ") && !absl::StartsWith(line, " ")) {
      commands.emplace(line.substr(0, line.find(' ')));
    }
  }
  return commands;
}

std::set<std::string> FlagsInHelp(absl::string_view help) {
  std::set<std::string> flags;
  for (absl::string_view line : SectionOf(help, "flags:")) {
    if (absl::ConsumePrefix(&line, "  --")) flags.emplace(line.substr(0, line.find('=')));
  }
  return flags;
}

bool OutputMatches(const std::vector<std::string>& shown, const std::vector<std::string>& printed) {
  return MatchesFrom(shown, 0, printed, 0);
}

}  // namespace pdarts
