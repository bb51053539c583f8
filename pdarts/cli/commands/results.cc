#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/run_folders.h"
#include "pdarts/cli/flags.h"
#include "pdarts/core/json.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/result_groups.h"
#include "pdarts/runs/result_summary.h"
#include "pdarts/runs/results_table.h"
#include "pdarts/runs/run_directory.h"

ABSL_FLAG(bool, markdown, false, "print Markdown");
ABSL_FLAG(bool, csv, false, "print comma-separated values");

namespace pdarts {
namespace {

namespace fs = std::filesystem;

/// A run's file as seen from where the command was typed; empty if it isn't there.
std::string FileOf(const std::string& run, const char* name) {
  std::error_code error;
  const fs::path file = fs::path(run) / name;
  return fs::exists(file, error) ? fs::proximate(file, error).string() : "";
}

absl::Status PrintResults(const std::vector<std::string>& arguments) {
  const bool json = absl::GetFlag(FLAGS_json), csv = absl::GetFlag(FLAGS_csv);
  if (json + csv + absl::GetFlag(FLAGS_markdown) > 1) {
    return absl::InvalidArgumentError("--markdown, --csv and --json exclude each other");
  }
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> runs, RunFolders("results", arguments));
  ResultsTable table;
  std::vector<FinishedRun> finished;
  RunsLeftOut left_out(runs.size());
  for (const std::string& run : runs) {
    absl::StatusOr<RunResult> result = ReadRunResult(run);
    if (absl::IsNotFound(result.status())) {
      std::cerr << "note: " << run << " isn't finished, and has no row\n";
      continue;
    }
    if (!result.ok()) {
      left_out.Add(run, result.status());
      continue;
    }
    absl::StatusOr<std::unique_ptr<google::protobuf::Message>> spec = ReadAnyRunSpec(run);
    if (!spec.ok()) {
      std::cerr << "note: " << run << " is in no group: " << spec.status().message() << "\n";
    }
    finished.push_back({spec.ok() ? *std::move(spec) : nullptr, *result});
    ResultsRow* row = table.add_rows();
    *row->mutable_result() = std::move(*result);
    row->set_config(FileOf(run, "spec.textproto"));
    const std::string supernet = FileOf(run, "supernet.safetensors");
    row->set_model(supernet.empty() ? FileOf(run, "last.safetensors") : supernet);
    row->set_log(FileOf(run, "log.jsonl"));
    row->set_report(FileOf(run, "report.html"));
  }
  if (left_out.are_all()) return left_out.status();
  for (const RunGroup& group : GroupBySeed(finished)) {
    *table.add_groups() = group.summary;
    for (const std::string& difference : OriginDifferences(group.results)) {
      std::cerr << "note: the runs of " << group.summary.name() << " differ in their " << difference
                << "\n";
    }
  }
  AddPublishedResults(&table);
  if (json) {
    std::cout << ToJsonLine(table) << "\n";
  } else {
    std::cout << (csv ? ResultsCsv(table) : ResultsMarkdown(table));
  }
  return left_out.status();
}

}  // namespace

Command ResultsCommand() {
  return {
      "results",
      "DIR...",
      "print a table of finished searches and trainings, with links to their files, beside the "
      "published rows, and mean and deviation of runs that differ in the seed only; DIR is a run "
      "or holds runs",
      {"markdown", "csv", "json"},
      &PrintResults,
      /*takes_arguments=*/true,
      {{"runs", "a table in Markdown"}, {"--csv runs", "for a spreadsheet"}}};
}

}  // namespace pdarts
