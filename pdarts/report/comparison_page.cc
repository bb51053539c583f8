#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pdarts/core/spec.h"
#include "pdarts/report/grid_section.h"
#include "pdarts/report/page.h"
#include "pdarts/runs/provenance.h"
#include "pdarts/runs/result_groups.h"
#include "pdarts/runs/search_decision.h"
#include "pdarts/runs/training_row.h"

namespace pdarts {
namespace {

/// The title of a run with the settings in which it differs from other runs of its sweep:
/// "quickstart, seed 1, search.batch_size=32". Run: RunFiles or TrainingFiles.
template <class Run>
std::string TitleInSweep(const Run& run) {
  std::string title = RunTitle(run);
  for (const std::string& setting : run.spec.grid()) absl::StrAppend(&title, ", ", setting);
  return title;
}

/// Unique names of the runs: their titles, and also their folders if two titles are equal. Run:
/// RunFiles or TrainingFiles.
template <class Run>
std::vector<std::string> Labels(const std::vector<Run>& runs) {
  std::vector<std::string> titles, labels;
  for (const Run& run : runs) titles.push_back(TitleInSweep(run));
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto same = std::count(titles.begin(), titles.end(), titles[i]);
    labels.push_back(same > 1 ? absl::StrCat(titles[i], " (", runs[i].path, ")") : titles[i]);
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
                    Number(ChanceTop1(run.classes), 2),
                    NumberIf(done && HasTop5(run.classes), r.supernet_top5(), 2),
                    NumberIf(done, r.params_m(), 3), NumberIf(done, r.flops_g(), 3),
                    Measured(done ? DurationText(r.search_cost_s()) : "not finished"),
                    Measured(NumberIf(done, r.mem_gb(), 2)),
                    NumberIf(r.benchmark().has_rank(), r.benchmark().accuracy(), 2),
                    r.benchmark().has_rank() ? absl::StrCat(r.benchmark().rank()) : "–",
                    NumberIf(r.benchmark().predicted(), r.benchmark().accuracy(), 2),
                    r.benchmark().extrapolated()
                        ? "outside the model's data"
                        : NumberIf(r.benchmark().predicted(), r.benchmark().percentile(), 1),
                    done ? absl::StrCat(r.threads()) : "–", done ? r.commit().substr(0, 12) : "–"});
  }
  return HtmlScrolling("Results", HtmlTable({"run", "super-network top-1 %", "chance %", "top-5 %",
                                             "parameters M", "multiply-adds G", "time", "peak GB",
                                             "table's accuracy %", "rank", "predicted accuracy %",
                                             "percentile of the prediction", "threads", "commit"},
                                            rows));
}

/// The result of a finished run; for a training, its row of the table.
const std::optional<RunResult>& ResultOf(const RunFiles& run) { return run.result; }
std::optional<RunResult> ResultOf(const TrainingFiles& run) {
  return run.result ? std::make_optional(RowOf(*run.result)) : std::nullopt;
}

/// Appends the finished runs with their specs. Run: RunFiles or TrainingFiles.
template <class Run>
void AppendFinished(const std::vector<Run>& runs, std::vector<FinishedRun>* finished) {
  for (const Run& run : runs) {
    if (const std::optional<RunResult> result = ResultOf(run)) {
      finished->push_back({std::make_unique<decltype(run.spec)>(run.spec), *result});
    }
  }
}

/// The grids of sweeps among all runs.
std::vector<ResultsGrid> Grids(const std::vector<RunFiles>& runs,
                               const std::vector<TrainingFiles>& trainings) {
  std::vector<FinishedRun> finished;
  AppendFinished(runs, &finished);
  AppendFinished(trainings, &finished);
  return GridsOf(finished);
}

/// The differences between the environments of two finished runs of the same spec, which may change
/// their results: "; threads 2 instead of 1".
std::string EnvironmentText(const std::optional<RunResult>& first,
                            const std::optional<RunResult>& other) {
  if (!first || !other) return "";
  std::string text;
  for (const EnvironmentDifference& difference : EnvironmentDifferences(
           *first, *other, {"processes", "threads", "commit", "cpu", "dataset_checksum"})) {
    absl::StrAppend(&text, "; ", difference.name, " ", difference.now, " instead of ",
                    difference.before);
  }
  for (const std::string& change : other->changes()) absl::StrAppend(&text, "; ", change);
  return text;
}

Html TrainingResults(const std::vector<TrainingFiles>& runs,
                     const std::vector<std::string>& labels) {
  std::vector<std::vector<HtmlValue>> rows;
  for (size_t i = 0; i < runs.size(); ++i) {
    const TrainResult r = runs[i].result.value_or(TrainResult());
    const bool done = runs[i].result.has_value();
    rows.push_back({labels[i], NumberIf(done, r.test_top1(), 2),
                    Number(ChanceTop1(runs[i].classes), 2),
                    NumberIf(done && HasTop5(runs[i].classes), r.test_top5(), 2),
                    NumberIf(done, r.test_loss(), 4), absl::StrCat(runs[i].epochs.size()),
                    NumberIf(done, r.params() / 1e6, 3), NumberIf(done, r.macs() / 1e9, 3),
                    Measured(done ? DurationText(r.seconds()) : "not finished"),
                    Measured(NumberIf(done, r.mem_gb(), 2))});
  }
  return HtmlScrolling("Results of the trainings",
                       HtmlTable({"training", "test top-1 %", "chance %", "top-5 %", "test loss",
                                  "epochs", "parameters M", "multiply-adds G", "time", "peak GB"},
                                 rows));
}

/// Curves of trainings over the epochs.
Html TrainingCurves(const std::vector<TrainingFiles>& runs, const std::vector<std::string>& labels,
                    Charts* charts) {
  Html figures;
  const std::vector<std::tuple<std::string, std::string, double (TrainEvent::*)() const>> curves = {
      {"Loss on the training images", "loss", &TrainEvent::train_loss},
      {"Loss on the test images", "loss", &TrainEvent::test_loss},
      {"Top-1 accuracy on the training images", "percent", &TrainEvent::train_top1},
      {"Top-1 accuracy on the test images", "percent", &TrainEvent::test_top1}};
  for (const auto& [title, unit, value] : curves) {
    Chart chart = MakeChart(title, unit);
    for (size_t i = 0; i < runs.size(); ++i) {
      std::vector<double> values;
      for (const TrainEvent& epoch : runs[i].epochs) values.push_back((epoch.*value)());
      AddLine(labels[i], static_cast<int>(i), values, &chart);
    }
    if (chart.lines_size() > 0) figures.Append(charts->Add(std::move(chart)));
  }
  return HtmlCharts(figures);
}

/// The spec of a run without the fields about its sweep, because they repeat values of other
/// fields. Run: RunFiles or TrainingFiles.
template <class Run>
auto SpecWithoutGrid(const Run& run) {
  auto spec = run.spec;
  spec.clear_grid();
  return spec;
}

/// The differences of the specs and environments from those of the first run. Run: RunFiles or
/// TrainingFiles.
template <class Run>
Html Differences(const std::vector<Run>& runs, const std::vector<std::string>& labels) {
  Html list;
  for (size_t i = 1; i < runs.size(); ++i) {
    const std::string differences =
        MessageDifferences(SpecWithoutGrid(runs[0]), SpecWithoutGrid(runs[i]));
    list.Append(Block(Tag::kLi, labels[i], ": ",
                      differences.empty() ? "the same spec" : differences,
                      EnvironmentText(ResultOf(runs[0]), ResultOf(runs[i]))));
  }
  return HtmlCat(Block(Tag::kP, "Against ", labels[0], ":"), Block(Tag::kUl, "\n", list));
}

Html Curves(const std::vector<RunFiles>& runs, const std::vector<std::string>& labels,
            Charts* charts) {
  const std::vector<std::tuple<std::string, std::string, EpochValue>> curves = {
      {"Mean cross-entropy on the half of the weights", "loss", WeightLoss},
      {"Mean cross-entropy on the half of the alphas", "loss", AlphaLoss},
      {"Top-1 accuracy on the half of the weights", "percent", WeightTop1},
      {"Top-1 accuracy of the super-network, evaluated", "percent", SupernetTop1},
      {"skip_connect in all cells that each epoch would derive", "edges",
       [](const EpochRecord& epoch) { return SkipCount(epoch, ""); }},
      {"Rank in the benchmark's table of the architecture that each epoch would derive", "rank",
       BenchmarkRank},
      {kPredictedTitle, "percent", PredictedInside}};
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
  return HtmlCharts(figures);
}

Html Reason(const absl::Status& status) { return Block(Tag::kP, status.message()); }

/// The cells of a search as drawings, or the reason why there are none.
Html Cells(const RunFiles& run, const std::vector<std::string>& operations, absl::string_view id) {
  if (!run.found) return NothingDerived();
  const absl::StatusOr<Html> figures =
      CellFigures(run.found->architecture(), run.finished_search, operations, id);
  return figures.ok() ? *figures : Reason(figures.status());
}

Html UnreadableRuns(const std::vector<UnreadableRun>& runs) {
  if (runs.empty()) return {};
  Html list;
  for (const UnreadableRun& run : runs) {
    list.Append(HtmlCat(Block(Tag::kH3, run.path), Reason(run.reason)));
  }
  return HtmlSection("unreadable", "Runs that could not be read", list);
}

/// The epochs after which the stages of a run end.
std::vector<int> StageLengths(const RunFiles& run) {
  std::vector<int> lengths;
  for (const LogEvent& stage : run.stages) lengths.push_back(stage.epochs());
  return lengths;
}

/// The sections of the searches, at least one.
Html Searches(const std::vector<RunFiles>& runs, Charts* charts) {
  const std::vector<std::string> operations = OperationsOf(runs);
  const std::vector<std::string> labels = Labels(runs);
  Html articles;
  for (size_t i = 0; i < runs.size(); ++i) {
    articles.Append(Block(Tag::kArticle, Block(Tag::kH3, labels[i]),
                          Cells(runs[i], operations, absl::StrCat("run", i, "_"))));
  }
  const Html cells = Block(Tag::kDiv, {{Attr::kClass, "runs"}}, "\n", articles);
  return HtmlCat(
      HtmlSection("results", "Results", Results(runs, labels)),
      HtmlSection("differences", "Differences between the specs", Differences(runs, labels)),
      HtmlSection("curves", "Curves", Curves(runs, labels, charts)),
      HtmlSection("cells", "Cells", cells));
}

/// The sections of the trainings, at least one. charts: null if the axis of the page is for
/// searches.
Html Trainings(const std::vector<TrainingFiles>& runs, Charts* charts) {
  const std::vector<std::string> labels = Labels(runs);
  const Html curves = charts == nullptr ? Html() : TrainingCurves(runs, labels, charts);
  return HtmlCat(
      HtmlSection("trainings", "Trainings", TrainingResults(runs, labels)),
      HtmlSection("training_differences", "Differences between the specs of the trainings",
                  Differences(runs, labels)),
      charts == nullptr ? Html() : HtmlSection("curves", "Curves", curves));
}

/// The axis of a page: the epochs of the run with the most epochs.
Charts ChartsOf(const std::vector<RunFiles>& runs, const std::vector<TrainingFiles>& trainings) {
  if (runs.empty()) {
    size_t epochs = 0;
    for (const TrainingFiles& run : trainings) epochs = std::max(epochs, run.epochs.size());
    std::vector<std::string> labels;
    for (size_t e = 1; e <= epochs; ++e) labels.push_back(absl::StrCat("epoch ", e));
    return Charts(labels, "epoch");
  }
  Charts charts(*std::max_element(
      runs.begin(), runs.end(),
      [](const RunFiles& a, const RunFiles& b) { return a.epochs.size() < b.epochs.size(); }));
  std::set<std::vector<int>> lengths;
  for (const RunFiles& run : runs) lengths.insert(StageLengths(run));
  if (lengths.size() > 1) charts.ForgetStages();
  return charts;
}

}  // namespace

Html ComparisonPage(const std::vector<RunFiles>& runs, const std::vector<TrainingFiles>& trainings,
                    const std::vector<UnreadableRun>& unreadable) {
  Charts charts = ChartsOf(runs, trainings);
  const std::string title = absl::StrCat(runs.size() + trainings.size(), " runs side by side");
  const Html searches = runs.empty() ? Html() : Searches(runs, &charts);
  const Html trained =
      trainings.empty() ? Html() : Trainings(trainings, runs.empty() ? &charts : nullptr);
  return WholePage(title,
                   HtmlCat(Block(Tag::kHeader, Element(Tag::kH1, title)),
                           Block(Tag::kMain, "\n", GridSection(Grids(runs, trainings)), searches,
                                 trained, UnreadableRuns(unreadable))),
                   charts);
}

}  // namespace pdarts
