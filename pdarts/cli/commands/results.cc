#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/run_folders.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/report/log_lines.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/model_zoo.h"
#include "pdarts/runs/model_zoo_page.h"
#include "pdarts/runs/result_groups.h"
#include "pdarts/runs/result_summary.h"
#include "pdarts/runs/results_table.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/runs/seed_agreement.h"

ABSL_FLAG(bool, markdown, false, "print the page of a model zoo, in Markdown");
ABSL_FLAG(std::string, add_to, "",
          "DIR: copy finished searches into the folder of a model zoo, without weights, and print "
          "no table");
ABSL_FLAG(bool, csv, false, "print comma-separated values");

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr char kModelZooPage[] = "docs/model_zoo.md";

/// The path of a file of a run, relative to the folder in which the command was typed; empty if the
/// file does not exist.
std::string FileOf(const std::string& run, const char* name) {
  std::error_code error;
  const fs::path file = fs::path(run) / name;
  return fs::exists(file, error) ? fs::proximate(file, error).string() : "";
}

/// Copies the runs into the folder of a model zoo.
absl::Status AddRunsToZoo(const std::vector<std::string>& runs, const std::string& zoo) {
  RunsLeftOut left_out(runs.size());
  for (const std::string& run : runs) {
    const absl::StatusOr<std::string> copy = AddToZoo(run, zoo);
    if (copy.ok()) {
      std::cout << *copy << "\n";
    } else {
      left_out.Add(run, copy.status());
    }
  }
  return left_out.status();
}

/// The runs of a model zoo. One folder without runs is a zoo without runs, and the function prints
/// a note about it. \error as RunFolders.
absl::StatusOr<std::vector<std::string>> RunsOfZoo(const std::vector<std::string>& arguments) {
  absl::StatusOr<std::vector<std::string>> runs = RunFolders("results", arguments);
  if (!absl::IsNotFound(runs.status()) || arguments.size() != 1) return runs;
  const std::string zoo = UserPath(arguments[0]);
  std::error_code error;
  if (!fs::is_directory(zoo, error)) return runs;
  Tell({absl::StrCat(zoo, " holds no run")});
  return std::vector<std::string>();
}

/// Prints the page of a model zoo, whose links are relative to the folder of docs/model_zoo.md. If
/// that file exists, the function rewrites it. With --output, the page is written to that file
/// instead.
absl::Status WriteModelZooPage(const std::vector<std::string>& runs) {
  const std::string output = absl::GetFlag(FLAGS_output);
  const fs::path file = UserPath(output.empty() ? kModelZooPage : output);
  std::vector<ZooRun> searches;
  RunsLeftOut left_out(runs.size());
  for (const std::string& run : runs) {
    absl::StatusOr<ZooRun> read = ReadZooRun(run, file.parent_path().string());
    if (read.ok()) {
      searches.push_back(*std::move(read));
    } else {
      left_out.Add(run, read.status());
    }
  }
  if (!runs.empty() && left_out.are_all()) return left_out.status();
  const std::string page = ModelZooPage(searches);
  std::error_code error;
  if (!output.empty() || fs::exists(file, error)) {
    PDARTS_RETURN_IF_ERROR(WriteFileAtomically(file.string(), page));
    if (output.empty()) Tell({absl::StrCat("wrote ", file.string())});
  }
  std::cout << (output.empty() ? page : file.string() + "\n");
  return left_out.status();
}

/// The probabilities at the end of each stage of a search, for the agreement of seeds. If the log
/// cannot be read, the function prints a note, and the search has no agreement.
StageEnds StageEndsOf(const std::string& run) {
  StageEnds ends;
  const absl::Status status = ForEachLogLine<LogEvent>(run, [&](const LogEvent& event) {
    UpdateStageEnds(event, &ends);
    return absl::OkStatus();
  });
  if (status.ok()) return ends;
  Tell({absl::StrCat(run, " has no agreement with other seeds: ", status.message())});
  return {};
}

absl::Status PrintTable(const std::vector<std::string>& runs) {
  ResultsTable table;
  std::vector<FinishedRun> finished;
  RunsLeftOut left_out(runs.size());
  for (const std::string& run : runs) {
    absl::StatusOr<RunResult> result = ReadRunResult(run);
    if (absl::IsNotFound(result.status())) {
      Tell({absl::StrCat(run, " is not finished, and has no row")});
      continue;
    }
    if (!result.ok()) {
      left_out.Add(run, result.status());
      continue;
    }
    absl::StatusOr<std::unique_ptr<google::protobuf::Message>> spec = ReadAnyRunSpec(run);
    if (!spec.ok()) {
      Tell({absl::StrCat(run, " is in no group: ", spec.status().message())});
    }
    ResultsRow* row = table.add_rows();
    if (spec.ok()) {
      for (const std::string& setting : GridOf(**spec)) row->add_grid(setting);
    }
    const bool is_search = spec.ok() && !IsTraining(**spec);
    finished.push_back({spec.ok() ? *std::move(spec) : nullptr, *result,
                        is_search ? StageEndsOf(run) : StageEnds()});
    *row->mutable_result() = std::move(*result);
    row->set_config(FileOf(run, kSpecFile));
    const std::string supernet = FileOf(run, "supernet.safetensors");
    row->set_model(supernet.empty() ? FileOf(run, "last.safetensors") : supernet);
    row->set_log(FileOf(run, kLogFile));
    row->set_report(FileOf(run, "report.html"));
  }
  if (left_out.are_all()) return left_out.status();
  for (const RunGroup& group : GroupBySeed(finished)) {
    *table.add_groups() = group.summary;
    for (const std::string& difference : OriginDifferences(group.results)) {
      Tell({absl::StrCat("the runs of ", group.summary.name(), " differ in their ", difference)});
    }
  }
  for (const ResultsGrid& grid : GridsOf(finished)) *table.add_grids() = grid;
  AddPublishedResults(&table);
  if (!PrintedAsJson(table)) {
    std::cout << (absl::GetFlag(FLAGS_csv) ? ResultsCsv(table) : ResultsMarkdown(table));
  }
  return left_out.status();
}

absl::Status Results(const std::vector<std::string>& arguments) {
  const bool markdown = absl::GetFlag(FLAGS_markdown);
  const std::string add_to = absl::GetFlag(FLAGS_add_to);
  if (markdown + absl::GetFlag(FLAGS_csv) + absl::GetFlag(FLAGS_json) + !add_to.empty() > 1) {
    return absl::InvalidArgumentError("--markdown, --csv, --json and --add_to exclude each other");
  }
  if (!markdown && !absl::GetFlag(FLAGS_output).empty()) {
    return absl::InvalidArgumentError("--output: only --markdown writes a file");
  }
  if (markdown) {
    PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> runs, RunsOfZoo(arguments));
    return WriteModelZooPage(runs);
  }
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> runs, RunFolders("results", arguments));
  if (!add_to.empty()) return AddRunsToZoo(runs, UserPath(add_to));
  return PrintTable(runs);
}

}  // namespace

Command ResultsCommand() {
  return {
      "results",
      "DIR...",
      "print a table of finished searches and trainings, with links to their files, beside the "
      "published rows, the mean and the standard deviation of runs that differ only in the seed, "
      "and the grids of sweeps; DIR is a run or holds runs",
      {"csv", "json", "markdown", "output", "add_to"},
      &Results,
      /*takes_arguments=*/true,
      {{"--csv runs", "a table for a spreadsheet"}, {"--markdown zoo", "the page of a model zoo"}},
      {{"output",
        "FILE: write the page of --markdown there (default: print it, and rewrite "
        "docs/model_zoo.md if there is one)"}}};
}

}  // namespace pdarts
