#include "pdarts/cli/flag_text.h"

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "glog/logging.h"

namespace pdarts {
namespace {

constexpr absl::string_view kDefault = " (default: ";
constexpr absl::string_view kRepeatable = "may be given several times";

}  // namespace

absl::CommandLineFlag* FindFlag(const Command& command, absl::string_view flag) {
  const auto stored = command.flag_storage.find(std::string(flag));
  return absl::FindCommandLineFlag(stored == command.flag_storage.end() ? flag : stored->second);
}

FlagText DescribeFlag(const Command& command, absl::string_view flag) {
  const absl::CommandLineFlag* found = FindFlag(command, flag);
  CHECK(found != nullptr) << "there is no flag --" << std::string(flag);
  const auto own = command.flag_texts.find(std::string(flag));
  const std::string text = own != command.flag_texts.end() ? own->second : found->Help();
  absl::string_view rest = text;
  FlagText described;
  if (!found->IsOfType<bool>()) {
    const size_t colon = rest.find(": ");
    CHECK(colon < rest.find(' ')) << "--" << std::string(flag) << ": its text names no VALUE";
    described.value = std::string(rest.substr(0, colon));
    rest.remove_prefix(colon + 2);
  }
  const size_t at = rest.rfind(kDefault);
  if (at != absl::string_view::npos && absl::ConsumeSuffix(&rest, ")")) {
    described.default_value = std::string(rest.substr(at + kDefault.size()));
    rest = rest.substr(0, at);
  } else {
    described.default_value = found->DefaultValue();
    if (described.default_value.empty()) described.default_value = "none";
  }
  described.meaning = std::string(rest);
  return described;
}

bool IsSwitch(const Command& command, absl::string_view flag) {
  const absl::CommandLineFlag* found = FindFlag(command, flag);
  return found != nullptr && found->IsOfType<bool>();
}

bool IsRepeatable(const FlagText& text) { return absl::StrContains(text.meaning, kRepeatable); }

std::string FlagForm(absl::string_view flag, const FlagText& text) {
  return absl::StrCat("--", flag, text.value.empty() ? "" : "=", text.value);
}

}  // namespace pdarts
