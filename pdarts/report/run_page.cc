#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/edge_probabilities.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/derivation_story.h"
#include "pdarts/report/page.h"
#include "pdarts/runs/search_decision.h"

namespace pdarts {
namespace {

// Numbers of colors. The other charts use the colors of the operations too.
constexpr int kBlue = 4, kOrange = 1, kGreen = 3, kRed = 7, kPurple = 6, kGray = -1;

/// The result. While the search runs, the numbers of the last epoch replace it. They also show
/// whether the search distinguished its candidates if the result is of an earlier version.
RunResult Standing(const RunFiles& run) {
  RunResult standing = run.result.value_or(RunResult());
  if (standing.has_even_share() || run.epochs.empty()) return standing;
  const LogEvent& event = run.epochs.back().event;
  const absl::StatusOr<StageEdges> edges = DecodeEdges(event.probabilities(), run.topology);
  if (!edges.ok()) return standing;  // never, because the run was read with these edges
  SetProbabilities(edges->candidates, edges->probabilities, &standing);
  standing.set_chance_top1(ChanceTop1(run.classes));
  if (!run.result && event.has_supernet_top1()) {
    standing.set_supernet_top1(event.supernet_top1());
    standing.set_supernet_top5(event.supernet_top5());
  }
  return standing;
}

void AddBenchmarkTiles(const BenchmarkScore& score, std::vector<Html>* tiles) {
  const std::string accuracy = Number(score.accuracy(), 2) + " %";
  if (!score.predicted()) {
    tiles->push_back(HtmlTile(absl::StrCat("accuracy in the table, ", score.dataset()), accuracy));
    tiles->push_back(HtmlTile("rank in the table", absl::StrCat(score.rank())));
    return;
  }
  tiles->push_back(HtmlTile(absl::StrCat("predicted accuracy, ", score.dataset()), accuracy));
  tiles->push_back(HtmlTile("percentile of the prediction", score.extrapolated()
                                                                ? "none: outside the model's data"
                                                                : Number(score.percentile(), 1)));
}

Html Tiles(const RunFiles& run) {
  std::vector<Html> tiles;
  const RunResult standing = Standing(run);
  if (!run.result && !run.epochs.empty()) {
    const LogEvent& e = run.epochs.back().event;
    tiles.push_back(HtmlTile("not finished", absl::StrFormat("stage %d/%d, epoch %d/%d", e.stage(),
                                                             e.stages(), e.epoch(), e.epochs())));
    tiles.push_back(HtmlTile("time so far", Measured(DurationText(e.elapsed_s()))));
  }
  if (standing.has_supernet_top1()) {
    tiles.push_back(HtmlTile("super-network top-1", Number(standing.supernet_top1(), 2) + " %"));
    if (standing.has_chance_top1()) {
      tiles.push_back(HtmlTile("chance", Number(standing.chance_top1(), 2) + " %"));
    }
    if (HasTop5(standing)) {
      tiles.push_back(HtmlTile("super-network top-5", Number(standing.supernet_top5(), 2) + " %"));
    }
  }
  if (standing.has_even_share()) {
    tiles.push_back(
        HtmlTile("probabilities", absl::StrCat(Number(standing.least_probability(), 4), " to ",
                                               Number(standing.greatest_probability(), 4))));
    tiles.push_back(HtmlTile("an even share", Number(standing.even_share(), 4)));
  }
  if (run.result) {
    const RunResult& r = *run.result;
    for (const Html& tile : {HtmlTile("parameters", Number(r.params_m(), 2) + " M"),
                             HtmlTile("multiply-adds", Number(r.flops_g(), 3) + " G"),
                             HtmlTile("search time", Measured(DurationText(r.search_cost_s()))),
                             HtmlTile("peak memory", Measured(Number(r.mem_gb(), 2) + " GB"))}) {
      tiles.push_back(tile);
    }
    if (r.has_benchmark()) AddBenchmarkTiles(r.benchmark(), &tiles);
  }
  Html list = HtmlTiles(tiles);
  // While a search runs, it may still distinguish its candidates.
  const std::string note = run.result ? DecidedNothing(standing) : "";
  if (!note.empty()) list.Append(HtmlNote(note));
  return list;
}

Html EpochTable(const RunFiles& run) {
  const bool top5 = HasTop5(run.classes);
  std::vector<std::vector<HtmlValue>> rows;
  for (const EpochRecord& epoch : run.epochs) {
    const LogEvent& e = epoch.event;
    std::vector<HtmlValue>& row = rows.emplace_back();
    row = {absl::StrCat(e.stage(), ", ", e.epoch()),
           Number(e.weight_loss(), 4),
           Number(e.weight_top1(), 2),
           NumberIf(e.has_alpha_loss(), e.alpha_loss(), 4),
           NumberIf(e.has_alpha_top1(), e.alpha_top1(), 2),
           NumberIf(e.has_supernet_top1(), e.supernet_top1(), 2)};
    if (top5) row.push_back(NumberIf(e.has_supernet_top5(), e.supernet_top5(), 2));
    for (HtmlValue value :
         {HtmlValue(Number(e.learning_rate(), 5)), Measured(Number(e.seconds(), 1)),
          Measured(Number(e.images_per_second(), 0)), Measured(Number(e.peak_memory_mb(), 0))}) {
      row.push_back(std::move(value));
    }
  }
  std::vector<std::string> head = {"stage, epoch",     "loss",
                                   "accuracy %",       "alpha loss",
                                   "alpha accuracy %", "super-network top-1 %"};
  if (top5) head.push_back("top-5 %");
  for (const char* name : {"learning rate", "seconds", "images/s", "peak MB"}) head.push_back(name);
  return HtmlScrolling("Numbers of every epoch", HtmlTable(head, rows));
}

Html Curves(const RunFiles& run, Charts* charts) {
  Chart loss = MakeChart("Mean cross-entropy of each epoch", "loss");
  AddLine(run, "half of the weights", kBlue, WeightLoss, &loss);
  AddLine(run, "half of the alphas", kOrange, AlphaLoss, &loss);
  AddLine(run, "super-network, evaluated", kGreen, SupernetLoss, &loss);
  Chart accuracy = MakeChart("Top-1 accuracy of each epoch", "percent");
  AddLine(run, "half of the weights", kBlue, WeightTop1, &accuracy);
  AddLine(run, "half of the alphas", kOrange, AlphaTop1, &accuracy);
  AddLine(run, "super-network, evaluated", kGreen, SupernetTop1, &accuracy);
  Chart skips = MakeChart("skip_connect in the cells that each epoch would derive", "edges");
  skips.set_counts(true);
  for (size_t k = 0; k < run.topology.kinds.size(); ++k) {
    const std::string& kind = run.topology.kinds[k].name;
    AddLine(
        run, CellName(kind), k == 0 ? kBlue : kRed,
        [&](const EpochRecord& e) { return SkipCount(e, kind); }, &skips);
  }
  Html figures;
  for (const Chart& chart : {loss, accuracy, skips}) figures.Append(charts->Add(chart));
  Chart rank = MakeChart(
      "Rank in the benchmark's table of the architecture that each epoch would derive", "rank");
  rank.set_ranks(true);
  AddLine(run, "rank (1 is the best)", kPurple, BenchmarkRank, &rank);
  if (rank.lines_size() > 0) figures.Append(charts->Add(rank));
  Chart predicted = MakeChart(kPredictedTitle, "percent");
  AddLine(run, "prediction", kPurple, PredictedInside, &predicted);
  AddLine(run, "prediction outside the data", kGray, PredictedOutside, &predicted);
  if (predicted.lines_size() > 0) figures.Append(charts->Add(predicted));
  return HtmlCat(HtmlCharts(figures),
                 Block(Tag::kDetails, Block(Tag::kSummary, "The numbers"), EpochTable(run)));
}

/// A list with the names and the colors of the operations.
Html Key(const std::vector<std::string>& operations) {
  Html key;
  for (size_t i = 0; i < operations.size(); ++i) {
    key.Append(Element(Tag::kLi, {{Attr::kClass, absl::StrCat("op-", i % kNumOperationColors)}},
                       operations[i]));
  }
  return Block(Tag::kUl, {{Attr::kClass, "key"}, {Attr::kAriaLabel, "Colors of the operations"}},
               key);
}

/// A button that chooses the values in the charts of edges.
Html ShareButton(absl::string_view value, bool is_chosen, absl::string_view text) {
  std::vector<HtmlAttribute> attributes = {
      {Attr::kType, "radio"}, {Attr::kName, "share"}, {Attr::kValue, value}};
  if (is_chosen) attributes.emplace_back(Attr::kChecked);
  return Block(Tag::kLabel, Element(Tag::kInput, attributes), " ", text);
}

Html EdgeCharts(const RunFiles& run, const std::vector<std::string>& operations, Charts* charts) {
  Html html = HtmlCat(
      Block(Tag::kP,
            "A line that ends with a cross is an operation that was pruned; dashed verticals part "
            "the stages."),
      Block(Tag::kFieldset, Block(Tag::kLegend, "Shown"),
            ShareButton("relative", true,
                        "times an even share (1 divided by the number of candidates)"),
            ShareButton("absolute", false, "probability")),
      Key(operations));
  for (const CellKind& kind : run.topology.kinds) {
    Html figures;
    for (size_t e = 0; e < kind.edges.size(); ++e) {
      Chart chart = MakeChart(absl::StrCat("edge ", kind.edges[e].from, " → ", kind.edges[e].to),
                              "probability");
      chart.set_edge(true);
      for (size_t i = 0; i < operations.size(); ++i) {
        const std::string& operation = operations[i];
        AddLine(
            run, operation, static_cast<int>(i),
            [&](const EpochRecord& r) {
              return Probability(r, kind.name, static_cast<int>(e), operation);
            },
            &chart);
      }
      for (ChartLine& line : *chart.mutable_lines()) {
        line.set_pruned(line.values_size() < static_cast<int>(run.epochs.size()));
      }
      figures.Append(charts->Add(std::move(chart)));
    }
    html.Append(HtmlCat(Block(Tag::kH3, "The ", CellName(kind.name)),
                        Block(Tag::kDiv, {{Attr::kClass, "edges"}}, "\n", figures)));
  }
  return html;
}

Html StageTable(const RunFiles& run) {
  std::vector<std::vector<HtmlValue>> rows;
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
    rows.push_back(
        {absl::StrCat(stage.stage(), " of ", stage.stages()), absl::StrCat(stage.cells()),
         absl::StrCat(stage.channels()), absl::StrCat(stage.candidates_per_edge()),
         Number(stage.parameters(), 0), absl::StrCat(epochs, " of ", stage.epochs()),
         Measured(DurationText(seconds)),
         Measured(NumberIf(seconds > 0, images / std::max(seconds, 1e-9), 0)),
         Measured(NumberIf(stage.has_expected_memory_mb(), stage.expected_memory_mb(), 0)),
         Measured(Number(peak, 0))});
  }
  return HtmlScrolling(
      "Time and memory by stage",
      HtmlTable({"stage", "cells", "channels", "candidates for each edge", "weights", "epochs",
                 "time", "images/s", "expected MB", "peak MB so far"},
                rows));
}

/// The derived cells as drawings, or a sentence if there are none.
absl::StatusOr<Html> FoundCells(const RunFiles& run, const std::vector<std::string>& operations) {
  if (!run.found) return NothingDerived();
  PDARTS_ASSIGN_OR_RETURN(
      Html cells, CellFigures(run.found->architecture(), run.finished_search, operations, ""));
  cells.Append(Block(Tag::kPre, run.found->text()));
  return cells;
}

/// The trace of a finished search also has the notes on its stages.
std::vector<std::string> NotesOf(const RunFiles& run) {
  std::vector<std::string> notes;
  if (run.found) {
    notes.assign(run.found->trace().notes().begin(), run.found->trace().notes().end());
  }
  if (run.finished_search) return notes;
  for (const LogEvent& stage : run.stages) {
    notes.insert(notes.end(), stage.notes().begin(), stage.notes().end());
  }
  return notes;
}

Html DerivationText(const RunFiles& run) {
  Html html;
  if (!run.found) html = NothingDerived();
  for (const CellKind& kind : run.topology.kinds) {
    if (!run.found) break;
    html.Append(HtmlCat(Block(Tag::kH3, "The ", CellName(kind.name)),
                        HeatMap(kind, run.found->trace()),
                        DerivationSteps(kind, run.found->trace())));
  }
  for (const std::string& note : NotesOf(run)) {
    html.Append(HtmlNote(note));
  }
  return html;
}

}  // namespace

absl::StatusOr<Html> RunPage(const RunFiles& run) {
  const std::vector<std::string> operations = OperationsOf({run});
  Charts charts(run);
  PDARTS_ASSIGN_OR_RETURN(const Html cells, FoundCells(run, operations));
  // The charts are numbered in the order in which they are added.
  const Html edges = EdgeCharts(run, operations, &charts);
  const Html curves = Curves(run, &charts);
  std::vector<PageSection> sections = {
      {"cells", "Cells", run.finished_search ? "The found cells" : "The cells so far", cells},
      {"derivation", "Derivation",
       run.finished_search ? "How they were derived" : "How they would be derived",
       DerivationText(run)},
      {"curves", "Curves", "Losses, accuracies, skip connections", curves},
      {"edges", "Edges", "Every edge's probabilities over time", edges},
      {"stages", "Stages", "Time and memory by stage", StageTable(run)}};
  if (run.samples) sections.push_back(SampleSection(*run.samples));
  sections.push_back(SpecSection(run.result, run.spec));
  return WholeRunPage(RunTitle(run), run.spec.description(), Tiles(run), sections, charts);
}

}  // namespace pdarts
