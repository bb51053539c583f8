#include "pdarts/report/compare_page.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/comparison/comparison.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/charts.h"
#include "pdarts/report/page.h"
#include "pdarts/report/point_plot.h"

namespace pdarts {
namespace {

Html GroupTable(const Comparison& comparison) {
  std::vector<std::string> columns = {"group",
                                      "architectures",
                                      "mean accuracy %",
                                      "deviation",
                                      "relative improvement %",
                                      "mean parameters M",
                                      "mean multiply-adds M"};
  const bool has_latency = HasLatency(comparison);
  if (has_latency) columns.push_back("mean latency ms");
  columns.push_back("p-value");
  std::vector<std::vector<HtmlValue>> rows;
  for (const ComparedGroup& group : comparison.groups()) {
    const auto mean = [&](double (ComparedArchitecture::*number)() const) {
      return GroupMean(comparison, group.name(), number);
    };
    std::vector<HtmlValue>& row = rows.emplace_back();
    row = {group.name(),
           absl::StrCat(group.architectures()),
           Number(group.mean(), 2),
           Number(group.std(), 2),
           absl::StrFormat("%+.2f", group.relative_improvement()),
           Number(mean(&ComparedArchitecture::params) / 1e6, 3),
           Number(mean(&ComparedArchitecture::macs) / 1e6, 1)};
    if (has_latency) row.push_back(Number(mean(&ComparedArchitecture::latency_ms), 2));
    row.push_back(PValueText(group));
  }
  return HtmlScrolling("Groups", HtmlTable(columns, rows));
}

Html ArchitectureTable(const Comparison& comparison) {
  std::vector<std::string> columns = {"group", "accuracy %", "parameters M", "multiply-adds M"};
  const bool has_latency = HasLatency(comparison);
  if (has_latency) columns.push_back("latency ms");
  columns.push_back("architecture");
  std::vector<std::vector<HtmlValue>> rows;
  for (const ComparedArchitecture& architecture : comparison.architectures()) {
    std::vector<HtmlValue>& row = rows.emplace_back();
    row = {architecture.group(), Number(architecture.accuracy(), 2),
           Number(architecture.params() / 1e6, 3), Number(architecture.macs() / 1e6, 1)};
    if (has_latency) row.push_back(Number(architecture.latency_ms(), 2));
    row.push_back(architecture.architecture());
  }
  return HtmlScrolling("Architectures", HtmlTable(columns, rows));
}

/// A series for each group, with x in millions of multiply-adds. The last group, the random
/// architectures, is gray. Color 0 is gray too, so no other group has it.
std::vector<PlotSeries> SeriesOf(const Comparison& comparison) {
  std::vector<PlotSeries> series;
  for (const ComparedGroup& group : comparison.groups()) {
    PlotSeries& of_group = series.emplace_back();
    of_group.name = group.name();
    const int index = static_cast<int>(series.size()) - 1;
    const bool is_random = index == comparison.groups_size() - 1;
    of_group.color = is_random ? -1 : 1 + index % (kNumOperationColors - 1);
    for (const ComparedArchitecture& architecture : comparison.architectures()) {
      if (architecture.group() != group.name()) continue;
      of_group.points.push_back(
          {architecture.macs() / 1e6, architecture.accuracy(),
           absl::StrFormat("%s: %.2f%%, %.1f M multiply-adds\n%s", group.name(),
                           architecture.accuracy(), architecture.macs() / 1e6,
                           architecture.architecture())});
    }
  }
  return series;
}

}  // namespace

std::string PValueText(const ComparedGroup& group) {
  if (!group.p_value().has_number_value()) return "–";
  const double p = group.p_value().number_value();
  return Number(p, p < 0.001 ? 5 : 4);
}

Html ComparePage(const Comparison& comparison, const CompareText& text) {
  const std::vector<PlotSeries> series = SeriesOf(comparison);
  Html notes;
  for (const std::string& note : text.notes) notes.Append(Block(Tag::kP, "Note: ", note));
  const Html plots = HtmlCharts(HtmlCat(
      StripPlot({"Accuracies of each group; a line marks the mean", "group", text.accuracy_axis},
                series),
      ScatterPlot({"Accuracy against cost: a better group may only be a bigger one",
                   "multiply-adds of one image, millions", text.accuracy_axis},
                  series)));
  const Html main =
      HtmlCat(HtmlSection("groups", "Groups",
                          HtmlCat(GroupTable(comparison), Block(Tag::kP, text.test), notes)),
              HtmlSection("plots", "Plots", plots),
              HtmlSection("architectures", "Architectures", ArchitectureTable(comparison)));
  return WholePage(
      text.title,
      HtmlCat(Block(Tag::kHeader, Block(Tag::kH1, text.title), Block(Tag::kP, text.accuracy)),
              Block(Tag::kMain, "\n", main)),
      Charts({}, ""));
}

}  // namespace pdarts
