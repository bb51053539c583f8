#ifndef PDARTS_COMPARISON_STATISTICS_H_
#define PDARTS_COMPARISON_STATISTICS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "ATen/core/Generator.h"

namespace pdarts {

/// The mean of one or more values.
double Mean(const std::vector<double>& values);

/// The standard deviation of a sample of one or more values: the sum of squares is divided by n -
/// 1. The result is 0 for one value.
double SampleStandardDeviation(const std::vector<double>& values);

/// Pearson's correlation of pairs: a[i] belongs to b[i], and both have the same number of values.
/// The result is between -1 and 1. Unset if there are fewer than two pairs, or if all values of `a`
/// or of `b` are equal.
std::optional<double> Correlation(const std::vector<double>& a, const std::vector<double>& b);

/// By how many percent a mean accuracy is better than the mean of random architectures, as defined
/// by Yang et al., "NAS evaluation is frustratingly hard", ICLR 2020. The result is not finite if
/// `random_mean` is 0.
double RelativeImprovement(double mean, double random_mean);

/// The maximum number of permutations in a permutation test.
inline constexpr int64_t kMostPermutations = 100000;

struct PermutationTest {
  /// The probability that the difference of the means is at least as large if the values are
  /// assigned to the two groups at random.
  double p_value = 1;
  /// Whether the test used all assignments. Otherwise, it used kMostPermutations random
  /// assignments.
  bool is_exact = true;
};

/// The one-sided permutation test whether `group` has a larger mean than `others`. Both have at
/// least one value. The test uses all ways to choose the members of the group among all values, if
/// there are at most kMostPermutations. Otherwise, it uses kMostPermutations random choices of
/// `generator`. The observed assignment is added to them, so that the p-value is never 0.
PermutationTest TestGreaterMean(const std::vector<double>& group, const std::vector<double>& others,
                                at::Generator generator);

}  // namespace pdarts

#endif  // PDARTS_COMPARISON_STATISTICS_H_
