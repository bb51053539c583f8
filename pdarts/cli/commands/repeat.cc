#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "pdarts/base/file.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/search_flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/cli/train_flags.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/field_plugin.h"
#include "pdarts/processes/process_group.h"
#include "pdarts/runs/provenance.h"
#include "pdarts/runs/run_comparison.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/sessions/build_info.h"
#include "pdarts/sessions/run_data.h"

namespace pdarts {
namespace {

/// The differences in the environment that may change the last bits of the result. The spec and the
/// threads of the run are not among them.
std::vector<std::string> EnvironmentNotes(const RunResult& before, int processes) {
  RunResult now = before;
  now.set_processes(processes);
  now.set_commit(BuildCommit());
  now.set_cpu(CpuName());
  std::vector<std::string> notes;
  for (const EnvironmentDifference& difference :
       EnvironmentDifferences(before, now, {"processes", "commit", "cpu"})) {
    notes.push_back(difference.Text());
  }
  return notes;
}

/// Reads the data of the run once to find their folder, and sets this folder for the run that
/// follows.
/// \error kFailedPrecondition if the data differ from those of the run.
absl::Status SetDataDir(const google::protobuf::Any& config, const std::string& run,
                        const std::string& checksum) {
  PDARTS_ASSIGN_OR_RETURN(const auto dataset, CreateFieldPlugin<Dataset>("dataset", config));
  LoadOptions options;
  options.data_dir = DataDirFromFlags();
  PDARTS_ASSIGN_OR_RETURN(const FoundData found,
                          FindDataOfRun(*dataset, options, DataProvenanceOfRun(run), &std::cerr));
  if (found.splits.checksum != checksum) {
    return absl::FailedPreconditionError(absl::StrCat("the data in ", found.splits.source,
                                                      " are others: dataset_checksum was ",
                                                      checksum, ", is ", found.splits.checksum));
  }
  absl::SetFlag(&FLAGS_data_dir, found.data_dir);
  return absl::OkStatus();
}

/// \error kAlreadyExists if one of the two directories is a run of another spec, or if they are the
/// same directory.
absl::Status CheckIsSameSpec(const std::string& run, const std::string& again) {
  PDARTS_ASSIGN_OR_RETURN(const std::string before, ReadFile(RunSpecFile(run)));
  PDARTS_ASSIGN_OR_RETURN(const std::string now, ReadFile(RunSpecFile(again)));
  std::error_code error;
  if (before == now && !std::filesystem::equivalent(run, again, error)) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat(again, before == now ? " is the run itself" : " holds a run of another spec",
                   "; choose another --output_dir"));
}

absl::Status Repeat(const std::vector<std::string>&, ProcessGroup& processes) {
  if (absl::GetFlag(FLAGS_run).empty()) {
    return absl::InvalidArgumentError("repeat needs --run=DIR of a finished run");
  }
  const std::string run = UserPath(absl::GetFlag(FLAGS_run));
  PDARTS_ASSIGN_OR_RETURN(const RunResult before, ReadRunResult(run));
  const absl::StatusOr<TrainSpec> training = ReadTrainingSpec(run);
  absl::StatusOr<ExperimentSpec> search;
  if (!training.ok()) {
    search = ReadRunSpec(run);
    if (!search.ok()) return search.status();
  }
  std::string output = absl::GetFlag(FLAGS_output_dir);
  if (output.empty()) {
    output =
        absl::StrCat("runs/repeat_", training.ok() ? RunName(training->name(), training->seed())
                                                   : RunName(search->name(), search->seed()));
    absl::SetFlag(&FLAGS_output_dir, output);
  }
  absl::SetFlag(&FLAGS_threads, before.threads());
  absl::SetFlag(&FLAGS_run, "");  // the new run must not read anything from the run that it repeats
  Tell(EnvironmentNotes(before, processes.communicator().size()));
  PDARTS_RETURN_IF_ERROR(SetDataDir(training.ok() ? training->dataset() : search->dataset(), run,
                                    before.dataset_checksum()));
  const std::string again = UserPath(output);
  const bool is_there = ReadRunResult(again).ok() && !absl::GetFlag(FLAGS_overwrite);
  if (is_there) {
    PDARTS_RETURN_IF_ERROR(CheckIsSameSpec(run, again));
    Tell({absl::StrCat(again,
                       " holds a finished run of the same spec already, which is only "
                       "compared; --overwrite runs it again")});
  } else {
    PDARTS_RETURN_IF_ERROR(training.ok() ? TrainFromFlags(*training, processes)
                                         : SearchFromFlags(*search, processes));
  }
  if (processes.communicator().rank() > 0) return absl::OkStatus();  // process 0 compares
  PDARTS_ASSIGN_OR_RETURN(const std::optional<std::string> difference, FirstDifference(run, again));
  if (difference) {
    return absl::AbortedError(absl::StrCat(
        run, " and ", again, " are not the same; the first difference: ", *difference));
  }
  std::cout << "the same to the bit: " << run << " and " << again << "\n";
  return absl::OkStatus();
}

}  // namespace

Command RepeatCommand() {
  Command command = {
      "repeat",
      "--run=DIR [--output_dir=DIR]",
      "run a finished run again, with its spec and threads, and compare the two bit by bit",
      {"run", "data_dir", "output_dir", "overwrite", "resume", "checkpoint_minutes", "allow_swap"},
      /*run=*/{},
      /*takes_arguments=*/false,
      {{"--run=runs/quickstart-seed1", "whether this machine finds the same"},
       {"--run=/theirs/run --data_dir=/data --output_dir=mine", "a colleague's run"}}};
  command.run_in_several = &Repeat;
  return command;
}

}  // namespace pdarts
