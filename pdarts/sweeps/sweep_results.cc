#include "pdarts/sweeps/sweep_results.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/message.h"
#include "pdarts/base/json.h"
#include "pdarts/runs/result_groups.h"
#include "pdarts/runs/result_summary.h"
#include "pdarts/runs/results_table.h"
#include "pdarts/runs/search_decision.h"

namespace pdarts {
namespace {

using google::protobuf::Message;

std::vector<RunResult> Results(const std::vector<SweepRun>& runs) {
  std::vector<RunResult> results;
  for (const SweepRun& run : runs) {
    if (run.error.empty()) results.push_back(run.result);
  }
  return results;
}

/// The grid of the finished runs. Empty without --grid, and if fewer than two combinations have a
/// finished run.
ResultsTable GridTable(const std::vector<SweepRun>& runs) {
  std::vector<FinishedRun> finished;
  for (const SweepRun& run : runs) {
    if (!run.error.empty()) continue;
    std::unique_ptr<Message> spec(run.spec->New());
    spec->CopyFrom(*run.spec);
    finished.push_back({std::move(spec), run.result});
  }
  ResultsTable table;
  for (const ResultsGrid& grid : GridsOf(finished)) *table.add_grids() = grid;
  return table;
}

}  // namespace

bool HasGrid(const std::vector<SweepRun>& runs) { return !runs.front().combination.empty(); }

std::vector<std::string> SweepNotes(const std::vector<SweepRun>& runs) {
  std::vector<std::string> notes;
  for (const std::string& difference : OriginDifferences(Results(runs))) {
    notes.push_back(absl::StrCat("the runs differ in their ", difference));
  }
  for (const SweepRun& run : runs) {
    const std::string note = run.error.empty() ? DecidedNothing(run.result) : "";
    if (!note.empty()) notes.push_back(absl::StrCat(run.label, ": ", note));
  }
  return notes;
}

std::vector<std::string> FailedRuns(const std::vector<SweepRun>& runs) {
  std::vector<std::string> failed;
  for (const SweepRun& run : runs) {
    if (run.error.empty()) continue;
    failed.push_back(HasGrid(runs) ? run.label : absl::StrCat(run.seed));
  }
  return failed;
}

std::string SweepJson(const std::vector<SweepRun>& runs, const std::vector<std::string>& notes) {
  Json results = Json::List(), failed_seeds = Json::List(), failed_runs = Json::List();
  for (const SweepRun& run : runs) {
    if (run.error.empty()) {
      results.Append(Json::Of(run.result));
    } else {
      failed_seeds.Append(Json::Whole(run.seed));
      failed_runs.Append(Json::Text(run.directory));
    }
  }
  Json mean = Json::Object(), deviation = Json::Object();
  if (!HasGrid(runs)) {  // a mean over other settings would say nothing
    constexpr int kDigits = 10;
    for (const ColumnSummary& column : SummarizeResults(Results(runs))) {
      mean.Set(column.name, Json::Significant(column.mean, kDigits));
      deviation.Set(column.name, Json::Significant(column.deviation, kDigits));
    }
  }
  const ResultsTable table = GridTable(runs);
  Json grids = Json::List();
  for (const ResultsGrid& grid : table.grids()) grids.Append(Json::Of(grid));
  return Json::Object()
      .Set("runs", std::move(results))
      .Set("failed_seeds", std::move(failed_seeds))
      .Set("mean", std::move(mean))
      .Set("deviation", std::move(deviation))
      .Set("notes", Json::Texts(notes))
      .Set("failed_runs", std::move(failed_runs))
      .Set("grids", std::move(grids))
      .Line();
}

void PrintSweepTable(const std::vector<SweepRun>& runs, std::ostream* out) {
  std::vector<RunResult> results = Results(runs);
  for (RunResult& result : results) {
    if (HasTop5(result)) continue;
    result.clear_supernet_top5();
    result.clear_test_top5();
  }
  const bool has_grid = HasGrid(runs);
  const auto head_of = [&](const SweepRun& run) {
    return has_grid ? run.label : absl::StrCat(run.seed);
  };
  size_t width = 8;
  for (const SweepRun& run : runs) width = std::max(width, head_of(run).size());
  const auto print_head = [&](const std::string& head) {
    *out << absl::StrFormat("%-*s", static_cast<int>(width), head);
  };
  const std::vector<ColumnSummary> columns = SummarizeResults(results);
  print_head(has_grid ? "run" : "seed");
  for (const ColumnSummary& column : columns) *out << absl::StrFormat(" %20s", column.name);
  *out << "  genotype\n";
  size_t finished = 0;
  for (const SweepRun& run : runs) {
    print_head(head_of(run));
    if (!run.error.empty()) {
      *out << " failed: " << run.error << "\n";
      continue;
    }
    for (const ColumnSummary& column : columns) {
      const std::optional<double>& value = column.values[finished];
      *out << (value ? absl::StrFormat(" %20.4f", *value) : absl::StrFormat(" %20s", "-"));
    }
    *out << "  " << run.result.genotype() << "\n";
    ++finished;
  }
  if (has_grid) {
    *out << GridsMarkdown(GridTable(runs));
    return;
  }
  const auto row = [&](const char* name, double ColumnSummary::*value) {
    print_head(name);
    for (const ColumnSummary& column : columns) {
      *out << absl::StrFormat(" %20.4f", column.*value);
    }
    *out << "\n";
  };
  if (columns.empty()) return;
  row("mean", &ColumnSummary::mean);
  row("+-", &ColumnSummary::deviation);
}

}  // namespace pdarts
