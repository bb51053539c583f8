#include "pdarts/cli/command_line.h"

#include <algorithm>
#include <cstdint>

#include "absl/flags/commandlineflag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "gflags/gflags.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/flag_text.h"
#include "pdarts/cli/suggestion.h"

namespace pdarts {
namespace {

/// The flag of glog with this name (--v, --log_dir, ...).
std::optional<gflags::CommandLineFlagInfo> FindGlogFlag(const std::string& name) {
  gflags::CommandLineFlagInfo info;
  if (gflags::GetCommandLineFlagInfo(name.c_str(), &info) &&
      (absl::StrContains(info.filename, "logging") || absl::StrContains(info.filename, "vlog"))) {
    return info;
  }
  return std::nullopt;
}

/// Whether the word after the flag is the value of the flag, if the flag has no equals sign.
bool NeedsValue(const Command& command, const std::string& name) {
  if (const auto glog = FindGlogFlag(name)) return glog->type != "bool";
  return FindFlag(command, name) != nullptr && !IsSwitch(command, name);
}

absl::Status SetGlogFlag(const gflags::CommandLineFlagInfo& flag, const GivenFlag& given) {
  if (!given.value && flag.type != "bool") {
    return absl::InvalidArgumentError(absl::StrCat("--", flag.name, ": its value is missing"));
  }
  const std::string value = given.value.value_or("true");
  if (!gflags::SetCommandLineOption(flag.name.c_str(), value.c_str()).empty()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag.name, ": \"", value, "\" is not of the type ", flag.type));
}

/// The expected value of a flag, for error messages.
std::string Expected(const absl::CommandLineFlag& flag, const FlagText& text) {
  if (flag.IsOfType<bool>()) return "true or false";
  if (flag.IsOfType<double>()) return "a number";
  if (flag.IsOfType<int>() || flag.IsOfType<std::optional<int>>()) {
    return "a whole number of 32 bits";
  }
  if (flag.IsOfType<std::optional<int64_t>>()) return "a whole number of 64 bits";
  return text.value;
}

absl::Status SetFlag(const GivenFlag& given, const Command& command, absl::string_view title) {
  if (const auto glog = FindGlogFlag(given.name)) return SetGlogFlag(*glog, given);
  const auto taken = [&](absl::string_view name) {
    return std::find(command.flags.begin(), command.flags.end(), name) != command.flags.end();
  };
  std::string name = given.name;
  std::optional<std::string> value = given.value;
  if (absl::string_view positive = name; !taken(name) && absl::ConsumePrefix(&positive, "no") &&
                                         taken(positive) && IsSwitch(command, positive)) {
    if (value) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", given.name, ": takes no value; \"", *value, "\" was given"));
    }
    value = "false";
    name = std::string(positive);
  }
  if (!taken(name)) {
    std::vector<std::string> known = command.flags;
    for (const char* of_all : {"help", "version"}) known.push_back(of_all);
    const std::string meant = ClosestWord(name, known);
    return absl::InvalidArgumentError(
        absl::StrCat(title, " takes no --", name,
                     meant.empty() ? "" : absl::StrCat(" (did you mean --", meant, "?)"),
                     command.flags.empty() ? "; it takes no flags" : "; it takes: --",
                     absl::StrJoin(command.flags, ", --")));
  }
  absl::CommandLineFlag& flag = *FindFlag(command, name);
  const FlagText text = DescribeFlag(command, name);
  if (!value && flag.IsOfType<bool>()) value = "true";
  if (!value || value->empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--", name, ": its value is ",
                                                   value ? "empty" : "missing", "; expected ",
                                                   FlagForm(name, text)));
  }
  std::string error;
  if (flag.ParseFrom(*value, &error)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", name, ": \"", *value, "\" is not ", Expected(flag, text)));
}

}  // namespace

CommandLine ReadCommandLine(const std::vector<std::string>& words, const Command& command) {
  CommandLine line;
  for (size_t i = 0; i < words.size(); ++i) {
    absl::string_view word = words[i];
    if (word == "--") {
      line.arguments.insert(line.arguments.end(), words.begin() + static_cast<int64_t>(i) + 1,
                            words.end());
      break;
    }
    if (word.size() < 2 || !absl::ConsumePrefix(&word, "-")) {
      line.arguments.push_back(words[i]);
      continue;
    }
    absl::ConsumePrefix(&word, "-");
    const size_t equals = word.find('=');
    GivenFlag flag{std::string(word.substr(0, equals)), std::nullopt};
    if (equals != absl::string_view::npos) {
      flag.value = std::string(word.substr(equals + 1));
    } else if (flag.name == "help" || flag.name == "h") {
      line.help = true;
      continue;
    } else if (flag.name == "version") {
      line.version = true;
      continue;
    } else if (i + 1 < words.size() && NeedsValue(command, flag.name)) {
      flag.value = words[++i];
    }
    line.flags.push_back(std::move(flag));
  }
  return line;
}

absl::Status SetFlags(const CommandLine& line, const Command& command, absl::string_view title) {
  for (const GivenFlag& given : line.flags) {
    PDARTS_RETURN_IF_ERROR(SetFlag(given, command, title));
  }
  return absl::OkStatus();
}

}  // namespace pdarts
