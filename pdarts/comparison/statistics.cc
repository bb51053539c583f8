#include "pdarts/comparison/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <utility>

#include "ATen/core/Tensor.h"
#include "ATen/ops/rand.h"
#include "glog/logging.h"

namespace pdarts {
namespace {

/// Sums of the same values in different orders differ by rounding. The difference is less than this
/// fraction of the sum of the absolute values.
constexpr double kRounding = 1e-12;

/// The number of ways to choose `chosen` of `all` values; unset if it is more than
/// kMostPermutations.
std::optional<int64_t> CountChoices(int64_t all, int64_t chosen) {
  int64_t choices = 1;
  for (int64_t i = 1; i <= std::min(chosen, all - chosen); ++i) {
    choices = choices * (all - i + 1) / i;  // the number of ways to choose i
    if (choices > kMostPermutations) return std::nullopt;
  }
  return choices;
}

/// The number of choices of `left` values, from value `begin` on, whose sum together with `sum` is
/// at least `least`.
int64_t CountSums(const std::vector<double>& values, size_t begin, size_t left, double sum,
                  double least) {
  if (left == 0) return sum >= least ? 1 : 0;
  int64_t count = 0;
  for (size_t i = begin; i + left <= values.size(); ++i) {
    count += CountSums(values, i + 1, left - 1, sum + values[i], least);
  }
  return count;
}

/// The number of such sums among kMostPermutations random choices of `chosen` values.
int64_t CountDrawnSums(std::vector<double> values, size_t chosen, double least,
                       const at::Generator& generator) {
  int64_t count = 0;
  const auto width = static_cast<int64_t>(chosen);
  for (int64_t drawn = 0; drawn < kMostPermutations; ++drawn) {
    const at::Tensor draws = at::rand({width}, generator, at::TensorOptions(at::kDouble));
    const double* const uniform = draws.const_data_ptr<double>();
    double sum = 0;
    // These are the first steps of a shuffle. Each shuffle begins with the order that the last one
    // left.
    for (size_t i = 0; i < chosen; ++i) {
      const size_t left = values.size() - i;
      const size_t step =
          std::min(left - 1, static_cast<size_t>(uniform[i] * static_cast<double>(left)));
      std::swap(values[i], values[i + step]);
      sum += values[i];
    }
    if (sum >= least) ++count;
  }
  return count;
}

}  // namespace

double Mean(const std::vector<double>& values) {
  CHECK(!values.empty());
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double SampleStandardDeviation(const std::vector<double>& values) {
  const double mean = Mean(values);
  if (values.size() < 2) return 0;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

std::optional<double> Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  CHECK_EQ(a.size(), b.size());
  if (a.size() < 2) return std::nullopt;
  const double mean_a = Mean(a), mean_b = Mean(b);
  double product = 0, square_a = 0, square_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    product += (a[i] - mean_a) * (b[i] - mean_b);
    square_a += (a[i] - mean_a) * (a[i] - mean_a);
    square_b += (b[i] - mean_b) * (b[i] - mean_b);
  }
  if (square_a == 0 || square_b == 0) return std::nullopt;
  return product / std::sqrt(square_a * square_b);
}

double RelativeImprovement(double mean, double random_mean) {
  return 100 * (mean - random_mean) / random_mean;
}

PermutationTest TestGreaterMean(const std::vector<double>& group, const std::vector<double>& others,
                                at::Generator generator) {
  CHECK(!group.empty() && !others.empty());
  std::vector<double> values = group;
  values.insert(values.end(), others.begin(), others.end());
  double magnitude = 0;
  for (const double value : values) magnitude += std::abs(value);
  // The difference of the means increases with the sum of the group.
  const double least = std::accumulate(group.begin(), group.end(), 0.0) - kRounding * magnitude;
  PermutationTest test;
  const std::optional<int64_t> choices =
      CountChoices(static_cast<int64_t>(values.size()), static_cast<int64_t>(group.size()));
  test.is_exact = choices.has_value();
  if (test.is_exact) {
    test.p_value = static_cast<double>(CountSums(values, 0, group.size(), 0, least)) /
                   static_cast<double>(*choices);
  } else {
    const int64_t count =
        CountDrawnSums(std::move(values), group.size(), least, std::move(generator));
    test.p_value = static_cast<double>(count + 1) / static_cast<double>(kMostPermutations + 1);
  }
  return test;
}

}  // namespace pdarts
