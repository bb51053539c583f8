#include "pdarts/sweeps/slurm.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/sweeps/child_processes.h"

namespace pdarts {
namespace {

/// The final states of a task, as squeue, sacct and scontrol call them.
constexpr std::array<absl::string_view, 12> kEndStates = {
    "BOOT_FAIL", "CANCELLED",     "COMPLETED", "DEADLINE", "FAILED",  "LAUNCH_FAILED",
    "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED",  "TIMEOUT", "RECONFIG_FAIL"};

/// The file of a program in PATH. \error kNotFound if PATH leads to no such file.
absl::StatusOr<std::string> FindProgram(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const absl::string_view folder : absl::StrSplit(path == nullptr ? "" : path, ':')) {
    const std::string file = absl::StrCat(folder.empty() ? "." : folder, "/", name);
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return absl::NotFoundError(
      absl::StrCat("there is no ", name, " in the folders of PATH; it is a program of Slurm"));
}

/// Runs a program of PATH to its end. \error if it cannot be started.
absl::StatusOr<ChildOutput> RunTool(const std::vector<std::string>& words) {
  ChildCommand command;
  PDARTS_ASSIGN_OR_RETURN(command.program, FindProgram(words[0]));
  command.words = words;
  return RunToEnd(std::move(command));
}

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

/// The first word of a state. sacct prints "CANCELLED by 1000", and puts a "+" behind a word that
/// it cut.
std::string StateWord(absl::string_view text) {
  const std::vector<std::string> words =
      absl::StrSplit(text, absl::ByAnyChar(" +"), absl::SkipEmpty());
  return words.empty() ? "" : words[0];
}

/// The states of tasks while they are collected.
class StatesOfTasks {
 public:
  explicit StatesOfTasks(const std::set<std::string>& tasks) {
    for (const std::string& task : tasks) states_[task] = {};
  }

  /// The tasks whose state no program has reported yet.
  std::set<std::string> Unknown() const {
    std::set<std::string> unknown;
    for (const auto& [task, state] : states_) {
      if (state.state.empty()) unknown.insert(task);
    }
    return unknown;
  }

  /// Reads the lines TASK|STATE or TASK|STATE|REASON. Other lines are warnings of the program, or
  /// belong to other tasks.
  void TakeLines(absl::string_view text) {
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      const std::vector<std::string> parts = absl::StrSplit(line, '|');
      if (parts.size() < 2) continue;
      Take(std::string(absl::StripAsciiWhitespace(parts[0])), parts[1],
           parts.size() > 2 ? parts[2] : "");
    }
  }

  /// Reads the lines of `scontrol --oneliner show job`.
  void TakeFields(absl::string_view text) {
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      std::map<std::string, std::string> fields;
      for (const absl::string_view word : absl::StrSplit(line, ' ', absl::SkipEmpty())) {
        const std::pair<std::string, std::string> field =
            absl::StrSplit(word, absl::MaxSplits('=', 1));
        fields.emplace(field);
      }
      Take(absl::StrCat(fields["ArrayJobId"], "_", fields["ArrayTaskId"]), fields["JobState"],
           fields["Reason"]);
    }
  }

  const std::map<std::string, SlurmState>& states() const { return states_; }

 private:
  void Take(const std::string& task, const std::string& state, const std::string& reason) {
    const auto found = states_.find(task);
    if (found == states_.end() || !found->second.state.empty()) return;
    found->second.state = StateWord(state);
    if (reason != "None") found->second.reason = reason;
  }

  std::map<std::string, SlurmState> states_;
};

/// Asks squeue. Returns the reason why the state of the other tasks is unknown; OK if Slurm's
/// controller answered.
absl::Status AskSqueue(StatesOfTasks* states) {
  PDARTS_ASSIGN_OR_RETURN(
      const ChildOutput output,
      RunTool({"squeue", "--noheader", "--array",
               absl::StrCat("--jobs=", absl::StrJoin(ArraysOf(states->Unknown()), ",")),
               "--format=%F_%K|%T|%r"}));
  states->TakeLines(output.text);
  // If Slurm has forgotten an array, this is not an error.
  if (output.end.exit_code == 0 || absl::StrContains(output.text, "Invalid job id")) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat("squeue: ", absl::StripAsciiWhitespace(output.text)));
}

}  // namespace

bool IsActive(absl::string_view state) {
  return !state.empty() &&
         std::find(kEndStates.begin(), kEndStates.end(), state) == kEndStates.end();
}

absl::StatusOr<std::string> SubmitScript(const std::string& script) {
  PDARTS_ASSIGN_OR_RETURN(const ChildOutput output, RunTool({"sbatch", "--parsable", script}));
  if (output.end.exit_code == 0) {
    // The line has the form NUMBER or NUMBER;CLUSTER. Plugins of a cluster may print more lines.
    for (const absl::string_view line : absl::StrSplit(output.text, '\n')) {
      const std::vector<absl::string_view> parts = absl::StrSplit(line, ';');
      if (IsNumber(parts[0])) return std::string(parts[0]);
    }
  }
  return absl::FailedPreconditionError(
      absl::StrCat("sbatch did not submit ", script, ": ",
                   output.text.empty() ? absl::StrCat("exit status ", output.end.exit_code)
                                       : std::string(absl::StripAsciiWhitespace(output.text))));
}

bool IsTaskName(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '_');
  return parts.size() == 2 && IsNumber(parts[0]) && IsNumber(parts[1]);
}

std::set<std::string> ArraysOf(const std::set<std::string>& tasks) {
  std::set<std::string> arrays;
  for (const std::string& task : tasks) arrays.insert(task.substr(0, task.find('_')));
  return arrays;
}

absl::StatusOr<std::map<std::string, SlurmState>> TaskStates(const std::set<std::string>& tasks) {
  StatesOfTasks states(tasks);
  if (tasks.empty()) return states.states();
  const absl::Status controller = AskSqueue(&states);
  if (const std::set<std::string> unknown = states.Unknown(); !unknown.empty()) {
    const absl::StatusOr<ChildOutput> accounting =
        RunTool({"sacct", "--noheader", "--parsable2", "--allocations",
                 absl::StrCat("--jobs=", absl::StrJoin(unknown, ",")), "--format=JobID,State"});
    if (accounting.ok() && accounting->end.exit_code == 0) states.TakeLines(accounting->text);
  }
  for (const std::string& array : ArraysOf(states.Unknown())) {
    const absl::StatusOr<ChildOutput> job =
        RunTool({"scontrol", "--oneliner", "show", "job", array});
    if (job.ok() && job->end.exit_code == 0) states.TakeFields(job->text);
  }
  if (!controller.ok() && !states.Unknown().empty()) return controller;
  return states.states();
}

}  // namespace pdarts
