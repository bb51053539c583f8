#ifndef PDARTS_CLI_FLAG_TEXT_H_
#define PDARTS_CLI_FLAG_TEXT_H_

#include <string>

#include "absl/flags/commandlineflag.h"
#include "absl/strings/string_view.h"
#include "pdarts/cli/command.h"

namespace pdarts {

/// A flag as the help of a command describes it.
struct FlagText {
  std::string value;          ///< the text after the equals sign: "FILE"; empty for a switch
  std::string meaning;        ///< without the default
  std::string default_value;  ///< "false", "none", "the spec's"
};

/// Reads the text and the default of a flag from its ABSL_FLAG, or from `command.flag_texts`. The
/// text has the form "VALUE: meaning (default: the effect without the flag)". VALUE has no spaces.
/// It is FILE, DIR, SPACE, DATASET, BENCHMARK, words in small letters, or another word in capitals.
/// Several of them are joined by "|". A switch has no VALUE. The text has a default only if the
/// value of the ABSL_FLAG does not tell the default. Dies if there is no such flag.
FlagText DescribeFlag(const Command& command, absl::string_view flag);

/// The ABSL_FLAG that holds the value of a flag of a command (Command::flag_storage); null if there
/// is no such flag.
absl::CommandLineFlag* FindFlag(const Command& command, absl::string_view flag);

/// Whether a flag of a command is a switch, which is true or false and needs no value. False if
/// there is no such flag.
bool IsSwitch(const Command& command, absl::string_view flag);

/// Whether the text of a flag says that a user may give it several times.
bool IsRepeatable(const FlagText& text);

/// "--spec=FILE", "--json".
std::string FlagForm(absl::string_view flag, const FlagText& text);

}  // namespace pdarts

#endif  // PDARTS_CLI_FLAG_TEXT_H_
