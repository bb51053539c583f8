#ifndef PDARTS_BENCHMARKS_STEP_TIMING_H_
#define PDARTS_BENCHMARKS_STEP_TIMING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// What one process measured of some search steps: seconds of the pass for the weights and of the
/// pass for the alphas, and the peak of its resident memory.
struct StepTiming {
  double weight_min = 0, weight_median = 0, weight_mean = 0;
  double alpha_min = 0, alpha_median = 0, alpha_mean = 0;
  double peak_mb = 0;
  std::string variant;  ///< which instruction set the kernels used; "-" for the composition
  /// What each of several processes sums with the others in a step of both passes: buffers, and
  /// their bytes. Children do not tell it.
  double all_reduces = 0, all_reduce_bytes = 0;

  double step_median() const { return weight_median + alpha_median; }
  double step_mean() const { return weight_mean + alpha_mean; }
};

/// The middle value, or the mean of the two middle ones. Dies if there is none.
double Median(std::vector<double> values);

/// From the seconds of every timed step. Dies if there is none.
StepTiming SummarizeSteps(const std::vector<double>& weight_steps,
                          const std::vector<double>& alpha_steps);

/// One line of numbers, in which a child process tells its parent what it measured:
///   weight_min weight_median alpha_min alpha_median peak_mb variant weight_mean alpha_mean
/// Programs of other versions are measured beside this one, so the words keep their places, and
/// new ones come last.
std::string FormatStepTiming(const StepTiming& timing);

/// Reads the last line of what a child printed. Builds before commit 5224cc8, and that commit,
/// print no means; these are 0 then. \error kDataLoss with the text, if that line is no such line.
absl::StatusOr<StepTiming> ParseStepTiming(absl::string_view output);

/// A ratio that was measured in several rounds, one value a round.
struct PairedRatio {
  double median = 0, min = 0, max = 0;
};

/// numerators[i] / denominators[i] over the rounds i. Both of a round were measured one after the
/// other, so that what slows the machine down for a while hardly moves their ratio. Dies if the
/// sizes differ or are 0.
PairedRatio RatioOf(const std::vector<double>& numerators, const std::vector<double>& denominators);

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_STEP_TIMING_H_
