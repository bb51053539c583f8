#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pdarts/core/spec.h"
#include "pdarts/report/page.h"

namespace pdarts {
namespace {

/// What tells the runs apart: their titles, and their folders where two titles are the same.
std::vector<std::string> Labels(const std::vector<RunFiles>& runs) {
  std::vector<std::string> labels;
  for (const RunFiles& run : runs) {
    const auto same = std::count_if(runs.begin(), runs.end(), [&](const RunFiles& other) {
      return RunTitle(other) == RunTitle(run);
    });
    labels.push_back(same > 1 ? absl::StrCat(RunTitle(run), " (", run.path, ")") : RunTitle(run));
  }
  return labels;
}

Html Results(const std::vector<RunFiles>& runs, const std::vector<std::string>& labels) {
  std::vector<std::vector<HtmlValue>> rows;
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunFiles& run = runs[i];
    const RunResult r = run.result.value_or(RunResult());
    const bool done = run.result.has_value();
    rows.push_back({labels[i], NumberIf(done, r.supernet_top1(), 2),
                    NumberIf(done, r.supernet_top5(), 2), NumberIf(done, r.params_m(), 3),
                    NumberIf(done, r.flops_g(), 3),
                    Measured(done ? DurationText(r.search_cost_s()) : "not finished"),
                    Measured(NumberIf(done, r.mem_gb(), 2)),
                    NumberIf(r.has_benchmark(), r.benchmark().accuracy(), 2),
                    r.has_benchmark() ? absl::StrCat(r.benchmark().rank()) : "–",
                    done ? absl::StrCat(r.threads()) : "–", done ? r.commit().substr(0, 12) : "–"});
  }
  return HtmlScrolling("Results", HtmlTable({"run", "super-network top-1 %", "top-5 %",
                                             "parameters M", "multiply-adds G", "time", "peak GB",
                                             "table's accuracy %", "rank", "threads", "commit"},
                                            rows));
}

/// In what the surroundings of two finished runs of one spec differ, which may change what they
/// find: "; 2 threads instead of 1".
std::string OtherSurroundings(const RunFiles& first, const RunFiles& other) {
  if (!first.result || !other.result) return "";
  const RunResult &a = *first.result, &b = *other.result;
  std::string text;
  const auto compare = [&](const char* what, const std::string& was, const std::string& is) {
    if (was != is) absl::StrAppend(&text, "; ", what, " ", is, " instead of ", was);
  };
  compare("threads", absl::StrCat(a.threads()), absl::StrCat(b.threads()));
  compare("commit", a.commit(), b.commit());
  compare("processor", a.cpu(), b.cpu());
  compare("data", a.dataset_checksum(), b.dataset_checksum());
  for (const std::string& change : b.changes()) absl::StrAppend(&text, "; ", change);
  return text;
}

/// In what the specs and surroundings differ from the first run's.
Html Differences(const std::vector<RunFiles>& runs, const std::vector<std::string>& labels) {
  Html list;
  for (size_t i = 1; i < runs.size(); ++i) {
    const std::string differences = MessageDifferences(runs[0].spec, runs[i].spec);
    list.Append(HtmlCat("<li>"_html, labels[i], ": ",
                        differences.empty() ? "the same spec" : differences,
                        OtherSurroundings(runs[0], runs[i]), "</li>\n"_html));
  }
  return HtmlCat("<p>Against "_html, labels[0], ":</p>\n<ul>\n"_html, list, "</ul>\n"_html);
}

Html Curves(const std::vector<RunFiles>& runs, const std::vector<std::string>& labels,
            Charts* charts) {
  const std::vector<std::tuple<std::string, std::string, EpochValue>> curves = {
      {"Mean cross-entropy on the weights' half", "loss", WeightLoss},
      {"Mean cross-entropy on the alphas' half", "loss", AlphaLoss},
      {"Top-1 accuracy on the weights' half", "percent", WeightTop1},
      {"Top-1 accuracy of the super-network, evaluated", "percent", SupernetTop1},
      {"skip_connect in all cells that each epoch would derive", "edges",
       [](const EpochRecord& epoch) { return SkipCount(epoch, ""); }},
      {"Rank in the benchmark's table of what each epoch would derive", "rank", BenchmarkRank}};
  Html figures;
  for (const auto& [title, unit, value] : curves) {
    Chart chart = MakeChart(title, unit);
    chart.set_counts(unit == "edges");
    chart.set_ranks(unit == "rank");
    for (size_t i = 0; i < runs.size(); ++i) {
      AddLine(runs[i], labels[i], static_cast<int>(i), value, &chart);
    }
    if (chart.lines_size() > 0) figures.Append(charts->Add(std::move(chart)));
  }
  return HtmlCat("<div class=\"charts\">\n"_html, figures, "</div>\n"_html);
}

Html Reason(const absl::Status& status) {
  return HtmlCat("<p>"_html, status.message(), "</p>\n"_html);
}

Html UnreadableRuns(const std::vector<UnreadableRun>& runs) {
  if (runs.empty()) return {};
  Html list;
  for (const UnreadableRun& run : runs) {
    list.Append(HtmlCat("<h3>"_html, run.path, "</h3>\n"_html, Reason(run.reason)));
  }
  return HtmlSection("unreadable", "Runs that could not be read", list);
}

/// After which epochs a run's stages end.
std::vector<int> StageLengths(const RunFiles& run) {
  std::vector<int> lengths;
  for (const LogEvent& stage : run.stages) lengths.push_back(stage.epochs());
  return lengths;
}

}  // namespace

Html ComparisonPage(const std::vector<RunFiles>& runs,
                    const std::vector<UnreadableRun>& unreadable) {
  const std::vector<std::string> operations = OperationsOf(runs);
  const std::vector<std::string> labels = Labels(runs);
  Charts charts(*std::max_element(
      runs.begin(), runs.end(),
      [](const RunFiles& a, const RunFiles& b) { return a.epochs.size() < b.epochs.size(); }));
  std::set<std::vector<int>> lengths;
  for (const RunFiles& run : runs) lengths.insert(StageLengths(run));
  if (lengths.size() > 1) charts.ForgetStages();
  Html cells = "<div class=\"runs\">\n"_html;
  for (size_t i = 0; i < runs.size(); ++i) {
    const absl::StatusOr<Html> figures =
        CellFigures(runs[i], operations, absl::StrCat("run", i, "_"));
    cells.Append(HtmlCat("<article><h3>"_html, labels[i], "</h3>\n"_html,
                         figures.ok() ? *figures : Reason(figures.status()), "</article>\n"_html));
  }
  cells.Append("</div>\n"_html);
  const std::string title = absl::StrCat(runs.size(), " runs side by side");
  return WholePage(
      title,
      HtmlCat("<header><h1>"_html, title, "</h1></header>\n<main>\n"_html,
              HtmlSection("results", "Results", Results(runs, labels)),
              HtmlSection("differences", "In what their specs differ", Differences(runs, labels)),
              HtmlSection("curves", "Curves", Curves(runs, labels, &charts)),
              HtmlSection("cells", "Cells", cells), UnreadableRuns(unreadable), "</main>\n"_html),
      charts);
}

}  // namespace pdarts
