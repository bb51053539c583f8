#ifndef PDARTS_CLI_FLAGS_H_
#define PDARTS_CLI_FLAGS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "pdarts/base/user_path.h"

namespace pdarts {

/// The values of a repeatable flag, in the order in which the user typed them. Each flag has a type
/// `Flag`, so that the values of two flags do not mix.
template <class Flag>
struct StringList {
  std::vector<std::string> values;
};

template <class Flag>
bool AbslParseFlag(absl::string_view text, StringList<Flag>* list, std::string*) {
  // Abseil calls this function for each occurrence of the flag, each time with an empty list. This
  // variable collects the values of all occurrences.
  static auto* gathered = new std::vector<std::string>;
  if (!text.empty()) gathered->emplace_back(text);
  list->values = *gathered;
  return true;
}

template <class Flag>
std::string AbslUnparseFlag(const StringList<Flag>& list) {
  return absl::StrJoin(list.values, " ");
}

struct SetFlagTag;

}  // namespace pdarts

ABSL_DECLARE_FLAG(pdarts::StringList<pdarts::SetFlagTag>, set);
ABSL_DECLARE_FLAG(std::optional<int64_t>, seed);
ABSL_DECLARE_FLAG(std::string, data_dir);
ABSL_DECLARE_FLAG(std::string, output_dir);
ABSL_DECLARE_FLAG(std::string, output);
ABSL_DECLARE_FLAG(std::string, device);
ABSL_DECLARE_FLAG(int, threads);
ABSL_DECLARE_FLAG(bool, dry_run);
ABSL_DECLARE_FLAG(bool, overwrite);
ABSL_DECLARE_FLAG(bool, resume);
ABSL_DECLARE_FLAG(double, checkpoint_minutes);
ABSL_DECLARE_FLAG(bool, allow_swap);
ABSL_DECLARE_FLAG(bool, json);
ABSL_DECLARE_FLAG(std::string, spec);
ABSL_DECLARE_FLAG(std::string, run);
ABSL_DECLARE_FLAG(std::string, space);
ABSL_DECLARE_FLAG(std::string, seeds);
ABSL_DECLARE_FLAG(int, jobs);

namespace pdarts {

/// Stores the words with which the program was started, for ResumeCommand.
void RememberCommandLine(int argc, char** argv);

/// The flags of a search.
std::vector<std::string> SearchFlags();

/// The value of --data_dir, or of PDARTS_DATA_DIR if the flag is not given; empty without both.
std::string DataDirFromFlags();

/// The numbers of --seeds; empty if the flag is not given.
/// \error kInvalidArgument if a number is not an integer, is negative, or occurs twice.
absl::StatusOr<std::vector<int64_t>> SeedsFromFlags();

/// The value of --jobs. \error kInvalidArgument if it is below 1.
absl::StatusOr<int> JobsFromFlags();

/// Applies --set, --seed and --device to a spec of any type and completes it.
/// \error as SetField and CompleteSpec.
absl::Status ApplyFlags(google::protobuf::Message* spec);

/// The name with which this program was started.
std::string ProgramName();

/// The command with which this program was started, in the form in which a user types it in a
/// shell. `changes` holds other values for flags. A flag without a value is left out.
std::string TypedCommand(const std::map<std::string, std::optional<std::string>>& changes);

/// The command that continues the interrupted work: the typed command without --overwrite. `run` is
/// the directory of a run that was begun, or empty. If the typed spec cannot be read again (for
/// example from a pipe), the command names the spec of the run instead.
std::string ResumeCommand(const std::string& run);

}  // namespace pdarts

#endif  // PDARTS_CLI_FLAGS_H_
