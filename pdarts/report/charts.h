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

/// A value of an epoch; NaN where there is none.
using EpochValue = std::function<double(const EpochRecord&)>;

/// What a chart is to show.
Chart MakeChart(absl::string_view title, absl::string_view y_title);

/// Adds a line with a value for each label of the axis, NaN where there is none, unless all are
/// NaN. `color` is the number of its colour; -1: grey.
void AddLine(absl::string_view name, int color, const std::vector<double>& values, Chart* chart);

/// Adds a line over the run's epochs, unless no epoch has the value. `color` is the number of its
/// colour; -1: grey.
void AddLine(const RunFiles& run, absl::string_view name, int color, const EpochValue& value,
             Chart* chart);

/// The charts of a page: reserves their places, and keeps their data for the page's script.
class Charts {
 public:
  /// The charts share the epochs of `run` as their axis.
  explicit Charts(const RunFiles& run);
  /// The charts share an axis with these labels: "epoch 1". axis: its title.
  Charts(const std::vector<std::string>& labels, absl::string_view axis);
  /// Forgets where the stages end, for runs that differ in it.
  void ForgetStages() { data_.clear_stage_ends(); }

  /// Takes a chart. Returns the figure that it will be drawn in.
  Html Add(Chart chart);
  /// The data, as the element that the page's script reads.
  Html DataScript() const { return JsonScript("data", data_); }

 private:
  ReportData data_;
};

/// The title of a chart of a benchmark's predictions.
inline constexpr char kPredictedTitle[] =
    "Prediction of the accuracy of what each epoch would derive";

/// Values that epochs may have.
double WeightLoss(const EpochRecord& epoch);
double AlphaLoss(const EpochRecord& epoch);
double SupernetLoss(const EpochRecord& epoch);
double WeightTop1(const EpochRecord& epoch);
double AlphaTop1(const EpochRecord& epoch);
double SupernetTop1(const EpochRecord& epoch);
/// The rank in a benchmark's table.
double BenchmarkRank(const EpochRecord& epoch);
/// The accuracy that a benchmark predicts, where the architecture lies inside or outside the
/// model's data.
double PredictedInside(const EpochRecord& epoch);
double PredictedOutside(const EpochRecord& epoch);
/// How many skip_connect the derived cells of a kind hold; of all kinds where it is empty.
double SkipCount(const EpochRecord& epoch, absl::string_view cell_kind);
/// Of an edge's operation, while it is a candidate.
double Probability(const EpochRecord& epoch, absl::string_view cell_kind, int edge,
                   absl::string_view operation);

}  // namespace pdarts

#endif  // PDARTS_REPORT_CHARTS_H_
