#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/run_folders.h"
#include "pdarts/cli/flags.h"
#include "pdarts/core/json.h"
#include "pdarts/core/status_macros.h"
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
    ResultsRow* row = table.add_rows();
    *row->mutable_result() = std::move(*result);
    row->set_config(FileOf(run, "spec.textproto"));
    row->set_model(FileOf(run, "supernet.safetensors"));
    row->set_log(FileOf(run, "log.jsonl"));
    row->set_report(FileOf(run, "report.html"));
  }
  if (left_out.are_all()) return left_out.status();
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
  return {"results",
          "DIR...",
          "print a table of finished runs, with links to their files, beside the published rows; "
          "DIR is a "
          "run or holds runs",
          {"markdown", "csv", "json"},
          &PrintResults,
          /*takes_arguments=*/true,
          {{"runs", "a table in Markdown"}, {"--csv runs", "for a spreadsheet"}}};
}

}  // namespace pdarts
