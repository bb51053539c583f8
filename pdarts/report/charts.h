#ifndef PDARTS_REPORT_CHARTS_H_
#define PDARTS_REPORT_CHARTS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pdarts/report/html.h"
#include "pdarts/report/report.pb.h"
#include "pdarts/report/run_files.h"

namespace pdarts {

/// A value of an epoch; NaN if the epoch has no value.
using EpochValue = std::function<double(const EpochRecord&)>;

/// A chart without lines.
Chart MakeChart(absl::string_view title, absl::string_view y_title);

/// Adds a line with a value for each label of the axis, or NaN. If all values are NaN, no line is
/// added. `color` is the number of its color; -1: gray.
void AddLine(absl::string_view name, int color, const std::vector<double>& values, Chart* chart);

/// Adds a line over the epochs of the run, unless no epoch has the value. `color` is the number of
/// its color; -1: gray.
void AddLine(const RunFiles& run, absl::string_view name, int color, const EpochValue& value,
             Chart* chart);

/// The charts of a page. The object makes their figures, and keeps their data for the script of the
/// page.
class Charts {
 public:
  /// The axis of the charts is the epochs of `run`.
  explicit Charts(const RunFiles& run);
  /// The axis of the charts has these labels: "epoch 1". axis: its title.
  Charts(const std::vector<std::string>& labels, absl::string_view axis);
  /// Removes the ends of the stages, for runs that have different ones.
  void ForgetStages() { data_.clear_stage_ends(); }

  /// Adds a chart. Returns the figure for the chart.
  Html Add(Chart chart);
  /// The data as the element that the script of the page reads.
  Html DataScript() const { return JsonScript("data", data_); }

 private:
  ReportData data_;
};

/// The title of a chart of a benchmark's predictions.
inline constexpr char kPredictedTitle[] =
    "Predicted accuracy of the architecture that each epoch would derive";

/// Values that an epoch may have.
double WeightLoss(const EpochRecord& epoch);
double AlphaLoss(const EpochRecord& epoch);
double SupernetLoss(const EpochRecord& epoch);
double WeightTop1(const EpochRecord& epoch);
double AlphaTop1(const EpochRecord& epoch);
double SupernetTop1(const EpochRecord& epoch);
/// The rank in a benchmark's table.
double BenchmarkRank(const EpochRecord& epoch);
/// The accuracy that a benchmark predicts, if the architecture lies inside or outside the data of
/// the model.
double PredictedInside(const EpochRecord& epoch);
double PredictedOutside(const EpochRecord& epoch);
/// The number of skip_connect in the derived cells of a kind; of all kinds if `cell_kind` is empty.
double SkipCount(const EpochRecord& epoch, absl::string_view cell_kind);
/// The probability of an edge's operation, while the operation is a candidate.
double Probability(const EpochRecord& epoch, absl::string_view cell_kind, int edge,
                   absl::string_view operation);

}  // namespace pdarts

#endif  // PDARTS_REPORT_CHARTS_H_
