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
#include "pdarts/core/experiment.pb.h"

namespace pdarts {

/// A repeatable flag's values, in the order in which they were typed. `Flag` is a type of its own
/// for each flag, by which the values of two flags are kept apart.
template <class Flag>
struct StringList {
  std::vector<std::string> values;
};

template <class Flag>
bool AbslParseFlag(absl::string_view text, StringList<Flag>* list, std::string*) {
  // Called once an occurrence, each time with a fresh list: the occurrences are gathered here.
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

/// Keeps the words that the program was started with, for CommandToGoOn.
void RememberCommandLine(int argc, char** argv);

/// The flags that a search takes.
std::vector<std::string> SearchFlags();

/// --data_dir, else PDARTS_DATA_DIR, else empty.
std::string DataDirFromFlags();

/// The absolute path of what a user named from where the command was typed.
std::string UserPath(const std::string& path);

/// The numbers of --seeds; empty where the flag isn't given.
/// \error kInvalidArgument if one is no whole number from 0 on, or stands there twice.
absl::StatusOr<std::vector<int64_t>> SeedsFromFlags();

/// --jobs. \error kInvalidArgument if it is below 1.
absl::StatusOr<int> JobsFromFlags();

/// Applies --set, --seed and --device to a spec of any type and completes it.
/// \error as SetField and CompleteSpec.
absl::Status ApplyFlags(google::protobuf::Message* spec);

/// --output_dir, else runs/<name>-seed<seed> where the command was typed.
std::string OutputDirFromFlags(const ExperimentSpec& spec);
std::string OutputDirFromFlags(const std::string& name, int64_t seed);

/// The name by which this program was started.
std::string ProgramName();

/// The command that this program was started by, as one would type it in a shell. `changes` gives
/// flags that were typed another value, or leaves them out.
std::string TypedCommand(const std::map<std::string, std::optional<std::string>>& changes);

/// The command to go on with what was begun: the typed one without --overwrite. `run` is the
/// directory of a run that was begun, or empty. Its spec takes the place of a spec that can't be
/// read again, such as one from a pipe.
std::string CommandToGoOn(const std::string& run);

}  // namespace pdarts

#endif  // PDARTS_CLI_FLAGS_H_
