#include "pdarts/report/charts.h"

#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace pdarts {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr char kSkip[] = "skip_connect";

/// Five digits are more than a chart shows, and need a third of the bytes.
float Rounded(double value) {
  float rounded = kNone;
  return absl::SimpleAtof(absl::StrFormat("%.5g", value), &rounded) ? rounded : kNone;
}

double If(bool is_set, double value) { return is_set ? value : kNone; }

}  // namespace

Chart MakeChart(absl::string_view title, absl::string_view y_title) {
  Chart chart;
  chart.set_title(std::string(title));
  chart.set_y_title(std::string(y_title));
  return chart;
}

void AddLine(const RunFiles& run, absl::string_view name, int color, const EpochValue& value,
             Chart* chart) {
  std::vector<double> values;
  for (const EpochRecord& epoch : run.epochs) values.push_back(value(epoch));
  AddLine(name, color, values, chart);
}

void AddLine(absl::string_view name, int color, const std::vector<double>& values, Chart* chart) {
  ChartLine line;
  line.set_name(std::string(name));
  line.set_color(color);
  int length = 0;
  for (const double value : values) {
    line.add_values(Rounded(value));
    if (!std::isnan(line.values(line.values_size() - 1))) length = line.values_size();
  }
  line.mutable_values()->Truncate(length);
  if (length > 0) *chart->add_lines() = std::move(line);
}

Charts::Charts(const RunFiles& run) {
  for (size_t i = 0; i < run.epochs.size(); ++i) {
    const LogEvent& event = run.epochs[i].event;
    data_.add_labels(absl::StrCat("stage ", event.stage(), ", epoch ", event.epoch()));
    const bool last = i + 1 == run.epochs.size();
    if (!last && run.epochs[i + 1].event.stage() != event.stage()) {
      data_.add_stage_ends(static_cast<int>(i));
    }
  }
}

Charts::Charts(const std::vector<std::string>& labels, absl::string_view axis) {
  for (const std::string& label : labels) data_.add_labels(label);
  data_.set_axis(std::string(axis));
}

Html Charts::Add(Chart chart) {
  chart.set_id(absl::StrCat("chart-", data_.charts_size()));
  const Html canvas = Element(
      Tag::kCanvas,
      {{Attr::kId, chart.id()},
       {Attr::kTabindex, 0},
       {Attr::kRole, "img"},
       {Attr::kAriaLabel, absl::StrCat(chart.title(), ". Arrow keys step through the epochs.")}});
  const Html figure = Block(Tag::kFigure, Element(Tag::kFigcaption, chart.title()),
                            Element(Tag::kDiv, {{Attr::kClass, "plot"}}, canvas));
  *data_.add_charts() = std::move(chart);
  return figure;
}

double WeightLoss(const EpochRecord& epoch) { return epoch.event.weight_loss(); }
double AlphaLoss(const EpochRecord& epoch) {
  return If(epoch.event.has_alpha_loss(), epoch.event.alpha_loss());
}
double SupernetLoss(const EpochRecord& epoch) {
  return If(epoch.event.has_supernet_loss(), epoch.event.supernet_loss());
}
double WeightTop1(const EpochRecord& epoch) { return epoch.event.weight_top1(); }
double AlphaTop1(const EpochRecord& epoch) {
  return If(epoch.event.has_alpha_top1(), epoch.event.alpha_top1());
}
double SupernetTop1(const EpochRecord& epoch) {
  return If(epoch.event.has_supernet_top1(), epoch.event.supernet_top1());
}
double BenchmarkRank(const EpochRecord& epoch) {
  return If(epoch.event.benchmark().has_rank(), epoch.event.benchmark().rank());
}
double PredictedInside(const EpochRecord& epoch) {
  const BenchmarkScore& score = epoch.event.benchmark();
  return If(score.predicted() && !score.extrapolated(), score.accuracy());
}
double PredictedOutside(const EpochRecord& epoch) {
  const BenchmarkScore& score = epoch.event.benchmark();
  return If(score.predicted() && score.extrapolated(), score.accuracy());
}

double SkipCount(const EpochRecord& epoch, absl::string_view cell_kind) {
  if (!epoch.derived) return kNone;
  double skips = 0;
  for (const auto& [kind, count] : CountOperation(*epoch.derived, kSkip)) {
    if (cell_kind.empty() || kind == cell_kind) skips += count;
  }
  return skips;
}

double Probability(const EpochRecord& epoch, absl::string_view cell_kind, int edge,
                   absl::string_view operation) {
  for (const CellProbabilities& cell : epoch.event.probabilities()) {
    if (cell.cell_kind() != cell_kind || edge >= cell.edges_size()) continue;
    const EdgeCandidateProbabilities& e = cell.edges(edge);
    for (int i = 0; i < e.operations_size() && i < e.probabilities_size(); ++i) {
      if (e.operations(i) == operation) return e.probabilities(i);
    }
  }
  return kNone;
}

}  // namespace pdarts
