#include "benchmarks/step_timing.h"

#include <algorithm>
#include <numeric>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "glog/logging.h"

namespace pdarts {
namespace {

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

double Median(std::vector<double> values) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

StepTiming SummarizeSteps(const std::vector<double>& weight_steps,
                          const std::vector<double>& alpha_steps) {
  CHECK(!weight_steps.empty() && !alpha_steps.empty());
  StepTiming timing;
  timing.weight_min = *std::min_element(weight_steps.begin(), weight_steps.end());
  timing.weight_median = Median(weight_steps);
  timing.weight_mean = Mean(weight_steps);
  timing.alpha_min = *std::min_element(alpha_steps.begin(), alpha_steps.end());
  timing.alpha_median = Median(alpha_steps);
  timing.alpha_mean = Mean(alpha_steps);
  return timing;
}

std::string FormatStepTiming(const StepTiming& t) {
  return absl::StrFormat("%.9f %.9f %.9f %.9f %.3f %s %.9f %.9f\n", t.weight_min, t.weight_median,
                         t.alpha_min, t.alpha_median, t.peak_mb, t.variant, t.weight_mean,
                         t.alpha_mean);
}

absl::StatusOr<StepTiming> ParseStepTiming(absl::string_view output) {
  // Messages of libraries may come before the line.
  const absl::string_view text = absl::StripAsciiWhitespace(output);
  const size_t line_end = text.rfind('\n');
  std::istringstream words(
      std::string(line_end == absl::string_view::npos ? text : text.substr(line_end + 1)));
  StepTiming t;
  words >> t.weight_min >> t.weight_median >> t.alpha_min >> t.alpha_median >> t.peak_mb >>
      t.variant;
  if (!words) {
    return absl::DataLossError(
        absl::StrCat("expected a line of timings at the end, got \"", text, "\""));
  }
  double weight_mean = 0, alpha_mean = 0;
  if (words >> weight_mean >> alpha_mean) {
    t.weight_mean = weight_mean;
    t.alpha_mean = alpha_mean;
  }
  return t;
}

PairedRatio RatioOf(const std::vector<double>& numerators,
                    const std::vector<double>& denominators) {
  CHECK(!numerators.empty() && numerators.size() == denominators.size());
  std::vector<double> ratios;
  for (size_t i = 0; i < numerators.size(); ++i) ratios.push_back(numerators[i] / denominators[i]);
  return {Median(ratios), *std::min_element(ratios.begin(), ratios.end()),
          *std::max_element(ratios.begin(), ratios.end())};
}

}  // namespace pdarts
