#include "pdarts/cli/flags.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pdarts/base/shell_text.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/command.h"
#include "pdarts/cli/flag_text.h"
#include "pdarts/core/spec.h"
#include "pdarts/runs/run_directory.h"

ABSL_FLAG(pdarts::StringList<pdarts::SetFlagTag>, set, {},
          "PATH=VALUE: change one field of the spec, as in search.batch_size=32; may be given "
          "several times");
ABSL_FLAG(std::optional<int64_t>, seed, std::nullopt,
          "NUMBER: seed of the run, from 0 on (default: the spec's)");
ABSL_FLAG(std::string, data_dir, "",
          "DIR: folder that holds datasets (cifar-10-batches-bin/, cifar-100-binary/) (default: "
          "the environment's PDARTS_DATA_DIR, else the spec's field)");
ABSL_FLAG(std::string, output_dir, "",
          "DIR: where the run is written (default: runs/<name>-seed<seed> where the command was "
          "typed)");
ABSL_FLAG(std::string, output, "", "FILE: file to write");
ABSL_FLAG(std::string, device, "",
          "auto|cpu|cuda|cuda:N: where networks compute; auto: a CUDA device if there is one "
          "(default: the spec's)");
ABSL_FLAG(int, threads, 0,
          "NUMBER: threads of LibTorch's operators, at most four for each processor; 0: one for "
          "each core");
ABSL_FLAG(
    bool, dry_run, false,
    "build what would be trained, print its size and the memory and time that it takes, and stop");
ABSL_FLAG(bool, overwrite, false, "replace a run that the output directory holds already");
ABSL_FLAG(
    bool, resume, false,
    "only resume the unfinished run in the output directory; without this flag, an unfinished "
    "run of the same spec is resumed, and otherwise a new run begins");
ABSL_FLAG(
    double, checkpoint_minutes, 10,
    "MINUTES: time between checkpoints within an epoch; 0: one after every step. Every epoch ends "
    "with a checkpoint");
ABSL_FLAG(bool, allow_swap, false, "start even if the estimated memory is not free");
ABSL_FLAG(bool, json, false, "print one JSON object on one line of standard output");
ABSL_FLAG(std::string, spec, "", "FILE: the experiment's spec");
ABSL_FLAG(std::string, run, "", "DIR: directory of a run");
ABSL_FLAG(std::string, space, "",
          "SPACE: search space that an architecture belongs to (default: the only one of this "
          "program, or darts)");
ABSL_FLAG(std::string, seeds, "", "NUMBERS: seeds of the runs, with commas between them");
ABSL_FLAG(int, jobs, 1, "NUMBER: runs that are computed at the same time");

namespace pdarts {
namespace {

std::vector<std::string>& TypedWords() {
  static auto* words = new std::vector<std::string>;
  return *words;
}

/// The name of a flag in a word, without dashes, "no" and the value; empty if the word is not a
/// flag.
std::string FlagName(absl::string_view argument) {
  if (!absl::ConsumePrefix(&argument, "-")) return "";
  absl::ConsumePrefix(&argument, "-");
  return std::string(argument.substr(0, argument.find('=')));
}

/// The word in the form in which a user types it in a shell.
std::string ShellWord(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-_./=:,+", c);
  });
  return plain ? word : QuotedForShell(word);
}

/// Whether a file can be read again later. A pipe cannot, nor can a file that only this process has
/// open.
bool CanBeReadAgain(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && !absl::StartsWith(path, "/dev/") &&
         !absl::StartsWith(path, "/proc/");
}

}  // namespace

void RememberCommandLine(int argc, char** argv) { TypedWords().assign(argv, argv + argc); }

std::vector<std::string> SearchFlags() {
  return {"seed",      "data_dir", "output_dir",         "device",     "threads", "set", "dry_run",
          "overwrite", "resume",   "checkpoint_minutes", "allow_swap", "json"};
}

std::string DataDirFromFlags() {
  if (const std::string flag = absl::GetFlag(FLAGS_data_dir); !flag.empty()) return UserPath(flag);
  const char* variable = std::getenv("PDARTS_DATA_DIR");
  return variable == nullptr || *variable == '\0' ? "" : UserPath(variable);
}

absl::StatusOr<std::vector<int64_t>> SeedsFromFlags() {
  const std::string text = absl::GetFlag(FLAGS_seeds);
  std::vector<int64_t> seeds;
  if (text.empty()) return seeds;
  for (const absl::string_view word : absl::StrSplit(text, ',')) {
    int64_t seed = 0;
    if (!absl::SimpleAtoi(word, &seed) || seed < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--seeds: \"", word, "\" is not a whole number from 0 on"));
    }
    if (std::find(seeds.begin(), seeds.end(), seed) != seeds.end()) {
      return absl::InvalidArgumentError(absl::StrCat("--seeds: ", text, " names a seed twice"));
    }
    seeds.push_back(seed);
  }
  return seeds;
}

absl::StatusOr<int> JobsFromFlags() {
  const int jobs = absl::GetFlag(FLAGS_jobs);
  if (jobs >= 1) return jobs;
  return absl::InvalidArgumentError(absl::StrCat("--jobs: ", jobs, " is below 1"));
}

absl::Status ApplyFlags(google::protobuf::Message* spec) {
  PDARTS_RETURN_IF_ERROR(CompleteSpec(spec));
  for (const std::string& assignment : absl::GetFlag(FLAGS_set).values) {
    PDARTS_RETURN_IF_ERROR(Annotate(SetField(spec, assignment), "--set"));
  }
  if (const std::optional<int64_t> seed = absl::GetFlag(FLAGS_seed)) {
    PDARTS_RETURN_IF_ERROR(SetField(spec, absl::StrCat("seed=", *seed)));
  }
  if (const std::string device = absl::GetFlag(FLAGS_device); !device.empty()) {
    PDARTS_RETURN_IF_ERROR(SetField(spec, absl::StrCat("device=", device)));
  }
  return CompleteSpec(spec);
}

std::string ProgramName() { return TypedWords().empty() ? "pdarts" : TypedWords()[0]; }

std::string TypedCommand(const std::map<std::string, std::optional<std::string>>& changes) {
  std::vector<std::string> words;
  for (size_t i = 0; i < TypedWords().size(); ++i) {
    std::string word = TypedWords()[i];
    if (const auto change = changes.find(FlagName(word)); i > 0 && change != changes.end()) {
      const bool value_follows =
          !absl::StrContains(word, '=') && !IsSwitch(Command(), change->first);
      if (value_follows) ++i;
      if (!change->second) continue;
      word = absl::StrCat("--", change->first, "=", *change->second);
    }
    words.push_back(ShellWord(word));
  }
  return absl::StrJoin(words, " ");
}

std::string ResumeCommand(const std::string& run) {
  std::map<std::string, std::optional<std::string>> changes = {{"overwrite", std::nullopt}};
  const std::string spec = absl::GetFlag(FLAGS_spec);
  if (!spec.empty() && !run.empty() && !CanBeReadAgain(UserPath(spec))) {
    changes["spec"] = RunSpecFile(run);
  }
  return TypedCommand(changes);
}

}  // namespace pdarts
