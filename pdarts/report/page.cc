#include "pdarts/report/page.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/report/assets.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/report.pb.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr char kSkip[] = "skip_connect";

std::string Duration(double seconds) {
  const int64_t s = std::llround(seconds);
  if (s >= 3600) return absl::StrFormat("%d h %02d min", s / 3600, s / 60 % 60);
  if (s >= 60) return absl::StrFormat("%d min %02d s", s / 60, s % 60);
  return absl::StrFormat("%.1f s", seconds);
}

std::string Tile(absl::string_view name, absl::string_view value) {
  return absl::StrCat("<div class=\"tile\"><dt>", EscapeHtml(name), "</dt><dd>", EscapeHtml(value),
                      "</dd></div>\n");
}

std::string Row(const std::vector<std::string>& cells) {
  std::string row = "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    absl::StrAppend(&row, i == 0 ? "<th scope=\"row\">" : "<td>", EscapeHtml(cells[i]),
                    i == 0 ? "</th>" : "</td>");
  }
  return absl::StrCat(row, "</tr>\n");
}

std::string Head(const std::vector<std::string>& cells) {
  std::string row = "<thead><tr>";
  for (const std::string& cell : cells) {
    absl::StrAppend(&row, "<th scope=\"col\">", EscapeHtml(cell), "</th>");
  }
  return absl::StrCat(row, "</tr></thead>\n");
}

/// A region that scrolls by itself, which the keyboard can reach.
std::string Scrolling(absl::string_view name, absl::string_view content) {
  return absl::StrCat("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"",
                      EscapeHtml(name), "\">\n", content, "</div>\n");
}

std::string Number(double value, int digits) { return absl::StrFormat("%.*f", digits, value); }
std::string NumberIf(bool is_set, double value, int digits) {
  return is_set ? Number(value, digits) : "–";
}

int OperationNumber(const std::vector<std::string>& operations, absl::string_view operation) {
  const auto found = std::find(operations.begin(), operations.end(), operation);
  return found == operations.end() ? -1 : static_cast<int>(found - operations.begin());
}

/// Reserves the place of a chart and takes its data.
class Charts {
 public:
  std::string Add(Chart chart) {
    chart.set_id(absl::StrCat("chart-", data_.charts_size()));
    const std::string figure =
        absl::StrCat("<figure><div class=\"plot\"><canvas id=\"", chart.id(),
                     "\" tabindex=\"0\" role=\"img\" aria-label=\"", EscapeHtml(chart.title()),
                     ". Arrow keys step through the epochs.\"></canvas></div>", "<figcaption>",
                     EscapeHtml(chart.title()), "</figcaption></figure>\n");
    *data_.add_charts() = std::move(chart);
    return figure;
  }
  /// JSON that may stand within a script element.
  std::string Json() const {
    return absl::StrReplaceAll(ToJsonLine(data_), {{"<", "\\u003c"}, {">", "\\u003e"}});
  }

 private:
  ReportData data_;
};

Chart EpochChart(const RunFiles& run, const std::string& title, const std::string& y_title) {
  Chart chart;
  chart.set_title(title);
  chart.set_y_title(y_title);
  for (size_t i = 0; i < run.epochs.size(); ++i) {
    const LogEvent& event = run.epochs[i].event;
    chart.add_labels(absl::StrCat("stage ", event.stage(), ", epoch ", event.epoch()));
    const bool last = i + 1 == run.epochs.size();
    if (!last && run.epochs[i + 1].event.stage() != event.stage()) chart.add_stage_ends(i);
  }
  return chart;
}

using Value = std::function<double(const EpochRecord&)>;

void AddLine(const RunFiles& run, const std::string& name, int color, const Value& value,
             Chart* chart) {
  ChartLine line;
  line.set_name(name);
  line.set_color(color);
  bool any = false;
  for (const EpochRecord& epoch : run.epochs) {
    line.add_values(value(epoch));
    any = any || !std::isnan(line.values().at(line.values_size() - 1));
  }
  if (any) *chart->add_lines() = std::move(line);
}

double WeightLoss(const EpochRecord& e) { return e.event.weight_loss(); }
double AlphaLoss(const EpochRecord& e) {
  return e.event.has_alpha_loss() ? e.event.alpha_loss() : kNone;
}
double SupernetLoss(const EpochRecord& e) {
  return e.event.has_supernet_loss() ? e.event.supernet_loss() : kNone;
}
double WeightTop1(const EpochRecord& e) { return e.event.weight_top1(); }
double AlphaTop1(const EpochRecord& e) {
  return e.event.has_alpha_top1() ? e.event.alpha_top1() : kNone;
}
double SupernetTop1(const EpochRecord& e) {
  return e.event.has_supernet_top1() ? e.event.supernet_top1() : kNone;
}
double SkipCount(const EpochRecord& e, absl::string_view cell_kind) {
  if (!e.derived) return kNone;
  for (const auto& [kind, count] : CountOperation(*e.derived, kSkip)) {
    if (kind == cell_kind) return count;
  }
  return kNone;
}

std::string CurveSection(const RunFiles& run, Charts* charts) {
  Chart loss = EpochChart(run, "Mean cross-entropy of each epoch", "loss");
  AddLine(run, "weights' half", 4, WeightLoss, &loss);
  AddLine(run, "alphas' half", 1, AlphaLoss, &loss);
  AddLine(run, "super-network, evaluated", 3, SupernetLoss, &loss);
  Chart accuracy = EpochChart(run, "Top-1 accuracy of each epoch", "percent");
  AddLine(run, "weights' half", 4, WeightTop1, &accuracy);
  AddLine(run, "alphas' half", 1, AlphaTop1, &accuracy);
  AddLine(run, "super-network, evaluated", 3, SupernetTop1, &accuracy);
  Chart skips = EpochChart(run, "skip_connect in the cells that each epoch would derive", "edges");
  for (size_t k = 0; k < run.topology.kinds.size(); ++k) {
    const std::string& kind = run.topology.kinds[k].name;
    AddLine(
        run, absl::StrCat(kind, " cell"), k == 0 ? 4 : 7,
        [&](const EpochRecord& e) { return SkipCount(e, kind); }, &skips);
  }
  std::string section = absl::StrCat(
      "<section aria-labelledby=\"curves\"><h2 id=\"curves\">Losses, accuracies, skip "
      "connections</h2>\n<div class=\"charts\">\n",
      charts->Add(loss), charts->Add(accuracy), charts->Add(skips));
  Chart rank = EpochChart(run, "Rank in the benchmark of what each epoch would derive", "rank");
  AddLine(
      run, "rank (1 is best)", 6,
      [](const EpochRecord& e) {
        return e.event.has_benchmark() ? e.event.benchmark().rank() : kNone;
      },
      &rank);
  if (rank.lines_size() > 0) absl::StrAppend(&section, charts->Add(rank));
  absl::StrAppend(&section, "</div>\n<details><summary>The numbers</summary>\n");
  std::string table =
      absl::StrCat("<table>",
                   Head({"stage, epoch", "loss", "accuracy %", "alpha loss", "alpha accuracy %",
                         "super-network %", "learning rate", "seconds", "images/s", "peak MB"}),
                   "<tbody>");
  for (const EpochRecord& epoch : run.epochs) {
    const LogEvent& e = epoch.event;
    absl::StrAppend(
        &table, Row({absl::StrCat(e.stage(), ", ", e.epoch()), Number(e.weight_loss(), 4),
                     Number(e.weight_top1(), 2), NumberIf(e.has_alpha_loss(), e.alpha_loss(), 4),
                     NumberIf(e.has_alpha_top1(), e.alpha_top1(), 2),
                     NumberIf(e.has_supernet_top1(), e.supernet_top1(), 2),
                     Number(e.learning_rate(), 5), Number(e.seconds(), 1),
                     Number(e.images_per_second(), 0), Number(e.peak_memory_mb(), 0)}));
  }
  return absl::StrCat(section,
                      Scrolling("Numbers of every epoch", absl::StrCat(table, "</tbody></table>")),
                      "</details></section>\n");
}

/// A list that names the operations' colours.
std::string Key(const std::vector<std::string>& operations) {
  std::string key = "<ul class=\"key\" aria-label=\"Colours of the operations\">";
  for (size_t i = 0; i < operations.size(); ++i) {
    absl::StrAppend(&key, "<li class=\"op-", i, "\">", EscapeHtml(operations[i]), "</li>");
  }
  return absl::StrCat(key, "</ul>\n");
}

double ProbabilityOf(const LogEvent& event, const std::string& kind, int edge,
                     const std::string& operation) {
  for (const CellProbabilities& cell : event.probabilities()) {
    if (cell.cell_kind() != kind || edge >= cell.edges_size()) continue;
    const EdgeCandidateProbabilities& e = cell.edges(edge);
    for (int i = 0; i < e.operations_size() && i < e.probabilities_size(); ++i) {
      if (e.operations(i) == operation) return e.probabilities(i);
    }
  }
  return kNone;
}

std::string ProbabilitySection(const RunFiles& run, const std::vector<std::string>& operations,
                               Charts* charts) {
  std::string section = absl::StrCat(
      "<section aria-labelledby=\"edges\"><h2 id=\"edges\">Every edge's probabilities over "
      "time</h2>\n<p>A line that ends with a cross is an operation that was pruned; dashed "
      "verticals part the stages.</p>\n",
      Key(operations));
  for (const CellKind& kind : run.topology.kinds) {
    absl::StrAppend(&section, "<h3>", EscapeHtml(kind.name), " cell</h3>\n<div class=\"edges\">\n");
    for (size_t e = 0; e < kind.edges.size(); ++e) {
      Chart chart = EpochChart(
          run,
          absl::StrCat("edge ", e, ": node ", kind.edges[e].from, " → node ", kind.edges[e].to),
          "probability");
      chart.set_small(true);
      for (const std::string& operation : kind.operations) {
        AddLine(
            run, operation, OperationNumber(operations, operation),
            [&](const EpochRecord& r) {
              return ProbabilityOf(r.event, kind.name, static_cast<int>(e), operation);
            },
            &chart);
      }
      for (ChartLine& line : *chart.mutable_lines()) {
        line.set_pruned(std::isnan(line.values().at(line.values_size() - 1)));
      }
      absl::StrAppend(&section, charts->Add(std::move(chart)));
    }
    absl::StrAppend(&section, "</div>\n");
  }
  return absl::StrCat(section, "</section>\n");
}

std::string HeatMap(const CellKind& kind, const DerivationTrace& trace) {
  std::vector<std::string> head = {"edge"};
  head.insert(head.end(), kind.operations.begin(), kind.operations.end());
  double least = 1, most = 0;  // the shades span what is there
  for (const EdgeDecision& edge : trace.edges()) {
    if (edge.cell_kind() != kind.name) continue;
    for (double p : edge.probabilities()) {
      least = std::min(least, p);
      most = std::max(most, p);
    }
  }
  std::string table =
      absl::StrCat("<table class=\"heat\"><caption class=\"hidden\">Final probabilities of the ",
                   EscapeHtml(kind.name), " cell</caption>", Head(head), "<tbody>");
  for (const EdgeDecision& edge : trace.edges()) {
    if (edge.cell_kind() != kind.name) continue;
    absl::StrAppend(&table, "<tr><th scope=\"row\">", edge.from(), " → ", edge.to(), "</th>");
    for (const std::string& operation : kind.operations) {
      std::string cell = "<td>";
      for (const PrunedOperation& pruned : edge.pruned()) {
        if (pruned.operation() != operation) continue;
        cell = absl::StrCat("<td class=\"gone\" title=\"pruned after stage ", pruned.stage(),
                            " at probability ", Number(pruned.probability(), 4), "\">✕ stage ",
                            pruned.stage());
      }
      for (int i = 0; i < edge.candidates_size() && i < edge.probabilities_size(); ++i) {
        if (edge.candidates(i) != operation) continue;
        const bool chosen = edge.kept() && edge.operation() == operation;
        cell = absl::StrFormat(
            "<td style=\"--p:%.4f\"%s>%.3f%s",
            0.15 + 0.85 * (edge.probabilities(i) - least) / std::max(most - least, 1e-9),
            chosen ? " class=\"chosen\"" : "", edge.probabilities(i),
            chosen ? "<span class=\"hidden\"> chosen</span>" : "");
      }
      absl::StrAppend(&table, cell, "</td>");
    }
    absl::StrAppend(&table, "</tr>\n");
  }
  return Scrolling(absl::StrCat("Final probabilities of the ", kind.name, " cell"),
                   absl::StrCat(table, "</tbody></table>"));
}

std::string LimitStepText(const LimitStep& step) {
  return absl::StrCat(
      "The cell held ", step.count(), " ", step.operation(), ", and at most ", step.max(),
      " are allowed: edge ", step.edge(), " (probability ", Number(step.probability(), 4), ") ",
      step.stays()                 ? "keeps it, having nothing else."
      : step.replacement().empty() ? "gave up its place."
                                   : absl::StrCat("took ", step.replacement(), " instead."));
}

/// How the trace came to one cell, as steps.
std::string DerivationSteps(const CellKind& kind, const DerivationTrace& trace) {
  std::map<int, std::vector<const EdgeDecision*>> into;
  std::map<int, int> pruned;  // how many operations went after each stage
  for (const EdgeDecision& edge : trace.edges()) {
    if (edge.cell_kind() != kind.name) continue;
    into[edge.to()].push_back(&edge);
    for (const PrunedOperation& p : edge.pruned()) ++pruned[p.stage()];
  }
  std::vector<std::string> steps;
  for (const auto& [stage, count] : pruned) {
    steps.push_back(absl::StrCat("After stage ", stage, ", ", count,
                                 " operations with the least probabilities were pruned over ",
                                 kind.edges.size(), " edges."));
  }
  for (auto& [node, edges] : into) {
    std::stable_sort(edges.begin(), edges.end(), [](const EdgeDecision* a, const EdgeDecision* b) {
      return a->score() > b->score();
    });
    std::vector<std::string> kept, left;
    for (const EdgeDecision* edge : edges) {
      (edge->kept() ? kept : left)
          .push_back(absl::StrCat(edge->operation(), " from node ", edge->from(), " (",
                                  Number(edge->score(), 4), ")"));
    }
    steps.push_back(absl::StrCat(
        "Node ", node, " keeps ", absl::StrJoin(kept, " and "),
        left.empty() ? "." : absl::StrCat("; it leaves ", absl::StrJoin(left, ", "), ".")));
  }
  for (const LimitStep& step : trace.limit_steps()) {
    if (step.cell_kind() == kind.name) steps.push_back(LimitStepText(step));
  }
  std::string list = "<ol>\n";
  for (const std::string& step : steps) {
    absl::StrAppend(&list, "<li>", EscapeHtml(step), "</li>\n");
  }
  return absl::StrCat(list, "</ol>\n");
}

absl::StatusOr<std::string> Cells(const RunFiles& run, const std::vector<std::string>& operations,
                                  absl::string_view id) {
  std::string figures;
  if (!run.found) return std::string("<p>No epoch has ended yet.</p>\n");
  for (CellArchitecture cell : run.found->architecture().cells()) {
    const std::string kind = cell.kind();
    if (!id.empty()) cell.set_kind(absl::StrCat(id, "_", kind));  // ids are unique in a page
    PDARTS_ASSIGN_OR_RETURN(const CellDrawing drawing, DrawCell(cell, {operations}));
    absl::StrAppend(
        &figures, "<figure><div class=\"cell\" role=\"img\" tabindex=\"0\" aria-label=\"The ",
        EscapeHtml(kind), " cell\">", drawing.svg_element, "</div><figcaption>The ",
        EscapeHtml(kind), " cell", run.finished_search ? "" : ", as it would be now",
        ". Solid: operations; dashed: concatenation to the output.", "</figcaption></figure>\n");
  }
  return figures;
}

std::string StageTable(const RunFiles& run) {
  std::string table =
      absl::StrCat("<table>",
                   Head({"stage", "cells", "channels", "candidates an edge", "weights", "epochs",
                         "time", "images/s", "expected MB", "peak MB so far"}),
                   "<tbody>");
  for (const LogEvent& stage : run.stages) {
    double seconds = 0, images = 0, peak = stage.peak_memory_mb();
    int epochs = 0;
    for (const EpochRecord& epoch : run.epochs) {
      if (epoch.event.stage() != stage.stage()) continue;
      ++epochs;
      seconds += epoch.event.seconds();
      images += epoch.event.seconds() * epoch.event.images_per_second();
      peak = std::max(peak, epoch.event.peak_memory_mb());
    }
    absl::StrAppend(
        &table,
        Row({absl::StrCat(stage.stage(), " of ", stage.stages()), absl::StrCat(stage.cells()),
             absl::StrCat(stage.channels()), absl::StrCat(stage.candidates_per_edge()),
             Number(stage.parameters(), 0), absl::StrCat(epochs, " of ", stage.epochs()),
             Duration(seconds), seconds > 0 ? Number(images / seconds, 0) : "–",
             NumberIf(stage.has_expected_memory_mb(), stage.expected_memory_mb(), 0),
             Number(peak, 0)}));
  }
  return Scrolling("Time and memory by stage", absl::StrCat(table, "</tbody></table>"));
}

std::string Tiles(const RunFiles& run) {
  std::string tiles = "<dl class=\"tiles\">\n";
  if (!run.result && !run.epochs.empty()) {
    const LogEvent& e = run.epochs.back().event;
    absl::StrAppend(&tiles,
                    Tile("running", absl::StrFormat("stage %d/%d, epoch %d/%d", e.stage(),
                                                    e.stages(), e.epoch(), e.epochs())),
                    Tile("time so far", Duration(e.elapsed_s())));
  }
  if (run.result) {
    const RunResult& r = *run.result;
    absl::StrAppend(&tiles, Tile("super-network top-1", Number(r.supernet_top1(), 2) + " %"),
                    Tile("super-network top-5", Number(r.supernet_top5(), 2) + " %"),
                    Tile("parameters", Number(r.params_m(), 2) + " M"),
                    Tile("multiply-adds", Number(r.flops_g(), 3) + " G"),
                    Tile("search time", Duration(r.search_cost_s())),
                    Tile("peak memory", Number(r.mem_gb(), 2) + " GB"));
  }
  return absl::StrCat(tiles, "</dl>\n");
}

std::string Provenance(const RunFiles& run) {
  if (!run.result) return "";
  const RunResult& r = *run.result;
  std::string table = "<table><tbody>";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"commit", r.commit()},       {"LibTorch", r.libtorch()},
      {"processor", r.cpu()},       {"device", r.device()},
      {"kernels", r.kernels()},     {"threads", absl::StrCat(r.threads())},
      {"data", r.dataset_source()}, {"checksum", r.dataset_checksum()},
      {"finished", r.finished()},
  };
  for (const auto& [name, value] : rows) absl::StrAppend(&table, Row({name, value}));
  return Scrolling("Where the run was made", absl::StrCat(table, "</tbody></table>"));
}

std::string Page(absl::string_view title, absl::string_view body, const Charts& charts) {
  std::string colors;
  for (const bool dark : {false, true}) {
    const std::vector<std::string>& palette = OperationColors(dark);
    std::string rules;
    for (size_t i = 0; i < palette.size(); ++i) {
      absl::StrAppend(&rules, "--op", i, ":", palette[i], ";");
    }
    absl::StrAppend(&colors, dark ? "@media screen and (prefers-color-scheme:dark){" : "", ":root{",
                    rules, "}", dark ? "}" : "");
  }
  for (size_t i = 0; i < OperationColors(false).size(); ++i) {
    absl::StrAppend(&colors, ".op-", i, "{--c:var(--op", i, ")}");
  }
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
      // Nothing is fetched, and nothing but the page's own script and style may work.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
      "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n",
      "<link rel=\"icon\" href=\"data:,\">\n<title>", EscapeHtml(title), "</title>\n<style>\n",
      kReportStyle, colors, "\n</style>\n</head>\n<body>\n", body,
      "<p id=\"spoken\" class=\"hidden\" role=\"status\"></p>\n",
      "<script id=\"data\" type=\"application/json\">", charts.Json(), "</script>\n<script>\n",
      kChartLibrary, "\n</script>\n<script>\n", kReportScript, "</script>\n</body>\n</html>\n");
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::vector<std::string> OperationsOf(const std::vector<RunFiles>& runs) {
  std::vector<std::string> operations;
  for (const RunFiles& run : runs) {
    for (const CellKind& kind : run.topology.kinds) {
      for (const std::string& operation : kind.operations) {
        if (OperationNumber(operations, operation) < 0) operations.push_back(operation);
      }
    }
  }
  return operations;
}

absl::StatusOr<std::string> RunPage(const RunFiles& run) {
  const std::vector<std::string> operations = OperationsOf({run});
  Charts charts;
  const std::string title = absl::StrCat(run.name, ", seed ", run.seed);
  std::string body = absl::StrCat(
      "<header><h1>", EscapeHtml(title), "</h1>\n<p class=\"soft\">", EscapeHtml(run.description),
      "</p>\n<nav aria-label=\"Sections\"><ul><li><a href=\"#cells\">Cells</a></li>"
      "<li><a href=\"#derivation\">Derivation</a></li><li><a href=\"#curves\">Curves</a></li>"
      "<li><a href=\"#edges\">Edges</a></li><li><a href=\"#stages\">Stages</a></li>"
      "<li><a href=\"#spec\">Spec</a></li></ul></nav>\n",
      Tiles(run), "</header>\n<main>\n");
  PDARTS_ASSIGN_OR_RETURN(const std::string cells, Cells(run, operations, ""));
  absl::StrAppend(&body, "<section aria-labelledby=\"cells\"><h2 id=\"cells\">",
                  run.finished_search ? "Found cells" : "The cells so far", "</h2>\n", cells);
  if (run.found) {
    absl::StrAppend(&body, "<pre>", EscapeHtml(run.found->text()), "</pre>\n");
  }
  absl::StrAppend(&body,
                  "</section>\n<section aria-labelledby=\"derivation\"><h2 id=\"derivation\">How "
                  "it was derived</h2>\n");
  if (run.found) {
    for (const CellKind& kind : run.topology.kinds) {
      absl::StrAppend(&body, "<h3>", EscapeHtml(kind.name), " cell</h3>\n",
                      HeatMap(kind, run.found->trace()), DerivationSteps(kind, run.found->trace()));
    }
    for (const std::string& note : run.found->trace().notes()) {
      absl::StrAppend(&body, "<p>Note: ", EscapeHtml(note), ".</p>\n");
    }
  }
  absl::StrAppend(
      &body, "</section>\n", CurveSection(run, &charts),
      ProbabilitySection(run, operations, &charts),
      "<section aria-labelledby=\"stages\"><h2 id=\"stages\">Time and memory by "
      "stage</h2>\n",
      StageTable(run),
      "</section>\n<section aria-labelledby=\"spec\"><h2 id=\"spec\">What was run</h2>\n",
      Provenance(run), "<details><summary>The complete spec</summary><pre>",
      EscapeHtml(run.spec_text), "</pre></details></section>\n</main>\n");
  return Page(title, body, charts);
}

absl::StatusOr<std::string> ComparisonPage(const std::vector<RunFiles>& runs) {
  const std::vector<std::string> operations = OperationsOf(runs);
  Charts charts;
  const auto longest = std::max_element(
      runs.begin(), runs.end(),
      [](const RunFiles& a, const RunFiles& b) { return a.epochs.size() < b.epochs.size(); });
  const auto label = [](const RunFiles& run) {
    return absl::StrCat(run.name, ", seed ", run.seed);
  };
  std::string table = absl::StrCat("<table>",
                                   Head({"run", "super-network top-1 %", "top-5 %", "parameters M",
                                         "multiply-adds G", "time", "peak GB"}),
                                   "<tbody>");
  for (const RunFiles& run : runs) {
    const RunResult r = run.result.value_or(RunResult());
    const bool done = run.result.has_value();
    absl::StrAppend(
        &table,
        Row({label(run), NumberIf(done, r.supernet_top1(), 2), NumberIf(done, r.supernet_top5(), 2),
             NumberIf(done, r.params_m(), 3), NumberIf(done, r.flops_g(), 3),
             done ? Duration(r.search_cost_s()) : "not finished", NumberIf(done, r.mem_gb(), 2)}));
  }
  std::string body = absl::StrCat(
      "<header><h1>", runs.size(), " runs side by side</h1></header>\n<main>\n",
      Scrolling("Results", absl::StrCat(table, "</tbody></table>")),
      "<section aria-labelledby=\"curves\"><h2 id=\"curves\">Curves</h2><div class=\"charts\">\n");
  const std::vector<std::tuple<std::string, std::string, Value>> curves = {
      {"Mean cross-entropy on the weights' half", "loss", WeightLoss},
      {"Mean cross-entropy on the alphas' half", "loss", AlphaLoss},
      {"Top-1 accuracy on the weights' half", "percent", WeightTop1},
      {"Top-1 accuracy of the super-network, evaluated", "percent", SupernetTop1},
      {"skip_connect over all cells that each epoch would derive", "edges",
       [](const EpochRecord& e) {
         if (!e.derived) return kNone;
         double all = 0;
         for (const auto& [kind, count] : CountOperation(*e.derived, kSkip)) all += count;
         return all;
       }},
  };
  for (const auto& [title, unit, value] : curves) {
    Chart chart = EpochChart(*longest, title, unit);
    chart.clear_stage_ends();  // each run has its own
    for (size_t i = 0; i < runs.size(); ++i) {
      AddLine(runs[i], label(runs[i]), static_cast<int>((i + 4) % 8), value, &chart);
    }
    absl::StrAppend(&body, charts.Add(std::move(chart)));
  }
  absl::StrAppend(&body,
                  "</div></section>\n<section aria-labelledby=\"cells\"><h2 id=\"cells\">Cells</h2>"
                  "<div class=\"runs\">\n");
  for (size_t i = 0; i < runs.size(); ++i) {
    PDARTS_ASSIGN_OR_RETURN(const std::string cells,
                            Cells(runs[i], operations, absl::StrCat("run", i)));
    absl::StrAppend(&body, "<article><h3>", EscapeHtml(label(runs[i])), "</h3>\n", cells,
                    "</article>\n");
  }
  absl::StrAppend(&body, "</div></section>\n</main>\n");
  return Page(absl::StrCat(runs.size(), " runs side by side"), body, charts);
}

}  // namespace pdarts
