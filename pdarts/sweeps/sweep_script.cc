#include "pdarts/sweeps/sweep_script.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/shell_text.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

bool HasControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

/// An option that the script sets, and the flag that sets it.
struct OwnOption {
  absl::string_view name;    ///< "--array"
  absl::string_view letter;  ///< "-a"; empty if it has none
  absl::string_view instead;
};

constexpr OwnOption kOwnOptions[] = {
    {"--array", "-a", "the sweep sets it; --array_limit=N is the most tasks at a time"},
    {"--output", "-o", "the messages of a run go to the file .console.txt beside it"},
    {"--error", "-e", "the messages of a run go to the file .console.txt beside it"},
    {"--open-mode", "", "the sweep sets it to append"},
    {"--wrap", "", "the sweep submits a script"},
    {"--wait", "-W", "the sweep waits by itself; --detach keeps it from waiting"},
    {"--clusters", "-M", "the sweep asks squeue and scontrol for the default cluster only"},
};

/// A path in the form of a line #SBATCH, in which % begins a pattern.
absl::StatusOr<std::string> PathForSbatch(const std::string& path) {
  if (HasControlCharacter(path) || absl::StrContains(path, '"') || absl::StrContains(path, '\\')) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": sbatch cannot read a path with quotation marks, backslashes or line ends"));
  }
  return absl::StrReplaceAll(path, {{"%", "%%"}});
}

/// The part of the script below the paths. The header describes the run and the script.
constexpr absl::string_view kTask = R"script(
unset SLURM_NTASKS  # a run is one process; the variable may come from the job that submitted this script
number=$SLURM_ARRAY_TASK_ID
run=${runs[number]}
task=${SLURM_ARRAY_JOB_ID}_$number
if [ -e "$run/result.json" ]; then
  echo "$run is finished"
  exit 0
fi

# Tells `pdarts sweep` which task computes this run.
note_task() {
  echo "$1" > "$folder/task-$number.new" && mv "$folder/task-$number.new" "$folder/task-$number"
}
note_task "$task"

# Slurm sends the signal of --signal to this shell only, which passes it on to the run. The run writes a checkpoint and stops.
signal=
child=
pass_on() {
  signal=$1
  [ -z "$child" ] || kill -s "$1" "$child"
}
trap 'pass_on USR1' USR1
trap 'pass_on TERM' TERM
compute >> "$run.console.txt" 2>&1 &
child=$!
[ -z "$signal" ] || kill -s "$signal" "$child"
wait "$child"
status=$?
while kill -0 "$child" 2> /dev/null; do  # a signal ended the wait, not the run
  wait "$child"
  status=$?
done
if [ -e "$run/result.json" ]; then exit 0; fi
if [ -z "$signal" ]; then exit "$status"; fi

# A running task was told that its time ends, or that another job will take its place. Any other state means that Slurm ends
# the task itself: somebody cancelled it, or Slurm has requeued it.
[ "$(squeue --noheader --jobs="$task" --format=%T)" = RUNNING ] || exit "$status"

# Nothing comes of a run that never gets as far as a checkpoint.
vain=0
if [ ! "$run/checkpoint.bin" -nt "$folder/task-$number" ]; then
  vain=$(($(cat "$folder/vain-$number" 2> /dev/null || echo 0) + 1))
fi
echo "$vain" > "$folder/vain-$number"
if [ "$vain" -ge 3 ]; then
  echo "stopped three times without a new checkpoint: the task needs more time (--time)" | tee -a "$run.console.txt"
  rm "$folder/vain-$number"
  exit 1
fi
if scontrol requeue "$task"; then exit 0; fi
echo "the task cannot be requeued, and is submitted again"
new=$(sbatch --parsable --array="$number" "$folder/job.sh") || exit 1
note_task "${new%%;*}_$number"
)script";

}  // namespace

absl::Status CheckSbatchOptions(const std::string& options) {
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("--launcher_options: \"", options, "\" ", why));
  };
  if (options.empty()) return absl::OkStatus();
  if (HasControlCharacter(options)) return refuse("has more than one line");
  if (options[0] != '-') {
    return refuse("is not of the form of sbatch's options: --partition=long --time=120");
  }
  for (const absl::string_view word : absl::StrSplit(options, ' ', absl::SkipEmpty())) {
    for (const OwnOption& own : kOwnOptions) {
      const bool is_letter = !own.letter.empty() && absl::StartsWith(word, own.letter) &&
                             !absl::StartsWith(word, "--");
      if (is_letter || word == own.name || absl::StartsWith(word, absl::StrCat(own.name, "="))) {
        return refuse(absl::StrCat("has ", own.name, ": ", own.instead));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PrintSweepScript(const SweepScript& script) {
  PDARTS_RETURN_IF_ERROR(CheckSbatchOptions(script.sbatch_options));
  PDARTS_ASSIGN_OR_RETURN(const std::string folder, PathForSbatch(script.folder));
  std::string text = absl::StrCat(
      "#!/bin/bash\n"
      "# The runs of a sweep as a job array of Slurm: task N computes the run number N below.\n"
      "# `pdarts sweep` wrote this script and submitted it with sbatch. It may be submitted "
      "again:\n"
      "# finished runs are left alone, and the others resume.\n"
      "#SBATCH --job-name=",
      script.name, "\n#SBATCH --array=0-", script.runs.size() - 1);
  if (script.array_limit > 0) absl::StrAppend(&text, "%", script.array_limit);
  absl::StrAppend(&text, "\n#SBATCH --output=\"", folder,
                  "/slurm-%A_%a.txt\"\n"
                  "#SBATCH --open-mode=append\n"
                  "#SBATCH --requeue\n"
                  "#SBATCH --signal=B:USR1@120\n");
  if (!script.sbatch_options.empty())
    absl::StrAppend(&text, "#SBATCH ", script.sbatch_options, "\n");
  absl::StrAppend(&text, "\nfolder=", QuotedForShell(script.folder), "\nruns=(\n");
  for (const std::string& run : script.runs) {
    absl::StrAppend(&text, "  ", QuotedForShell(run), "\n");
  }
  absl::StrAppend(
      &text, ")\n# Threads change the last bits of all numbers: a run keeps to their number.\n",
      "threads=",
      script.threads > 0 ? absl::StrCat(script.threads)
                         : "${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:-0}}",
      "\ncompute() {\n  exec ", QuotedForShell(script.program), " ", script.command,
      " --spec=\"$run/spec.textproto\" --output_dir=\"$run\" --threads=\"$threads\"");
  for (const std::string& flag : script.flags) absl::StrAppend(&text, " ", QuotedForShell(flag));
  return absl::StrCat(text, "\n}\n", kTask);
}

}  // namespace pdarts
