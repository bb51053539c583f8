#ifndef PDARTS_COMPARISON_STATISTICS_H_
#define PDARTS_COMPARISON_STATISTICS_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Generator.h"

namespace pdarts {

/// The mean of values, at least one.
double Mean(const std::vector<double>& values);

/// The standard deviation of a sample of at least one value: the sum of squares is divided by
/// n - 1. 0 for one value.
double SampleDeviation(const std::vector<double>& values);

/// By how many percent a mean accuracy is better than that of random architectures: the measure of
/// Yang et al., "NAS evaluation is frustratingly hard", ICLR 2020. It is not finite if
/// `random_mean` is 0.
double RelativeImprovement(double mean, double random_mean);

/// The most permutations that a permutation test looks at.
inline constexpr int64_t kMostPermutations = 100000;

struct PermutationTest {
  /// The probability that a difference of the means at least as large comes about if the values
  /// are assigned to the two groups by chance.
  double p_value = 1;
  /// Whether all assignments were looked at. Otherwise kMostPermutations were drawn.
  bool is_exact = true;
};

/// The one-sided permutation test of whether `group` has a greater mean than `others`; both have at
/// least one value. Looks at all ways to choose the group's members among all values if these are
/// at most kMostPermutations. Otherwise it draws so many by `generator`; the observed assignment
/// counts as one more, so that the p-value is never 0.
PermutationTest TestGreaterMean(const std::vector<double>& group, const std::vector<double>& others,
                                at::Generator generator);

}  // namespace pdarts

#endif  // PDARTS_COMPARISON_STATISTICS_H_
