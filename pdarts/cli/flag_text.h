#ifndef PDARTS_CLI_FLAG_TEXT_H_
#define PDARTS_CLI_FLAG_TEXT_H_

#include <string>

#include "absl/flags/commandlineflag.h"
#include "absl/strings/string_view.h"
#include "pdarts/cli/command.h"

namespace pdarts {

/// A flag as a command's help describes it.
struct FlagText {
  std::string value;          ///< what stands behind the equals sign: "FILE"; empty for a switch
  std::string meaning;        ///< without its default
  std::string default_value;  ///< "false", "none", "the spec's"
};

/// Reads a flag's text and default from its ABSL_FLAG, or from `command.flag_texts`. The text is
/// "VALUE: meaning (default: what holds without the flag)". VALUE, which has no spaces, is FILE,
/// DIR, SPACE, DATASET, BENCHMARK, words in small letters, or another word in capitals; several are
/// joined by "|". A switch has no VALUE. The default stands in the text only where the flag's own
/// value doesn't say it. Dies if there is no such flag.
FlagText DescribeFlag(const Command& command, absl::string_view flag);

/// The ABSL_FLAG that holds the value of a command's flag (Command::flag_storage); null if there is
/// none.
absl::CommandLineFlag* FindFlag(const Command& command, absl::string_view flag);

/// Whether a flag of a command is true or false, and needs no value. False if there is no such
/// flag.
bool IsSwitch(const Command& command, absl::string_view flag);

/// Whether a user may give a flag several times, as its text says.
bool IsRepeatable(const FlagText& text);

/// "--spec=FILE", "--json".
std::string FlagForm(absl::string_view flag, const FlagText& text);

}  // namespace pdarts

#endif  // PDARTS_CLI_FLAG_TEXT_H_
