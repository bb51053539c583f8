#ifndef PDARTS_BENCHMARKS_STEP_TIMING_H_
#define PDARTS_BENCHMARKS_STEP_TIMING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The timing of some search steps in one process: seconds of the step for the weights and of the
/// step for the alphas, and the peak resident memory.
struct StepTiming {
  double weight_min = 0, weight_median = 0, weight_mean = 0;
  double alpha_min = 0, alpha_median = 0, alpha_mean = 0;
  double peak_mb = 0;
  std::string variant;  ///< the instruction set of the kernels; "-" for the reference kernels
  /// The all-reduces of each process in a step for the weights and a step for the alphas together:
  /// their number, and their size in bytes. Children do not report them.
  double all_reduces = 0, all_reduce_bytes = 0;

  double step_median() const { return weight_median + alpha_median; }
  double step_mean() const { return weight_mean + alpha_mean; }
};

/// The middle value, or the mean of the two middle ones. Dies if there are no values.
double Median(std::vector<double> values);

/// Summarizes the seconds of every timed step. Dies if there are none.
StepTiming SummarizeSteps(const std::vector<double>& weight_steps,
                          const std::vector<double>& alpha_steps);

/// One line of numbers, in which a child process reports its measurement to its parent:
///   weight_min weight_median alpha_min alpha_median peak_mb variant weight_mean alpha_mean
/// Programs of other versions are compared with this one. So the words keep their places, and new
/// words are appended.
std::string FormatStepTiming(const StepTiming& timing);

/// Reads the last line of the output of a child. Commit 5224cc8 and builds before it print no
/// means. The means are then 0. \error kDataLoss with the text, if that line has another form.
absl::StatusOr<StepTiming> ParseStepTiming(absl::string_view output);

/// A ratio that was measured once in each of several rounds.
struct PairedRatio {
  double median = 0, min = 0, max = 0;
};

/// The ratios numerators[i] / denominators[i] of the rounds i. The two numbers of a round were
/// measured one after the other, so that a temporary slowdown of the machine hardly changes their
/// ratio. Dies if the sizes differ or are 0.
PairedRatio RatioOf(const std::vector<double>& numerators, const std::vector<double>& denominators);

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_STEP_TIMING_H_
