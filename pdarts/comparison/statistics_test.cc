#include "pdarts/comparison/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gtest/gtest.h"
#include "pdarts/core/random.h"

namespace pdarts {
namespace {

/// The p-value by a search through all assignments of the values to the group. The bits of a number
/// represent an assignment.
double BruteForce(const std::vector<double>& group, const std::vector<double>& others) {
  std::vector<double> values = group;
  values.insert(values.end(), others.begin(), others.end());
  const double observed = Mean(group) - Mean(others);
  int at_least = 0, all = 0;
  for (unsigned bits = 0; bits < (1u << values.size()); ++bits) {
    std::vector<double> in, out;
    for (size_t i = 0; i < values.size(); ++i)
      ((bits >> i & 1) != 0 ? in : out).push_back(values[i]);
    if (in.size() != group.size()) continue;
    ++all;
    if (Mean(in) - Mean(out) >= observed - 1e-9) ++at_least;
  }
  return static_cast<double>(at_least) / all;
}

double PValue(const std::vector<double>& group, const std::vector<double>& others) {
  const PermutationTest test = TestGreaterMean(group, others, MakeGenerator(1, "test"));
  EXPECT_TRUE(test.is_exact);
  return test.p_value;
}

TEST(Statistics, CorrelationOfPairs) {
  EXPECT_NEAR(*Correlation({1, 2, 4}, {-2, -4, -8}), -1, 1e-15);
  // The deviations are (-1, 0, 1) and (-1, 1, 0).
  EXPECT_NEAR(*Correlation({1, 2, 3}, {4, 6, 5}), 0.5, 1e-15);
  EXPECT_FALSE(Correlation({1}, {2}).has_value());
  EXPECT_FALSE(Correlation({1, 1}, {2, 3}).has_value());
  EXPECT_FALSE(Correlation({2, 3}, {1, 1}).has_value());
}

TEST(Statistics, MeanAndDeviationOfASample) {
  EXPECT_DOUBLE_EQ(Mean({1, 2, 6}), 3);
  EXPECT_DOUBLE_EQ(SampleStandardDeviation({1, 2, 6}), std::sqrt(7.0));
  EXPECT_EQ(SampleStandardDeviation({94.5}), 0);
}

TEST(Statistics, RelativeImprovementIsOfTheRandomMean) {
  EXPECT_DOUBLE_EQ(RelativeImprovement(96, 80), 20);
  EXPECT_DOUBLE_EQ(RelativeImprovement(72, 80), -10);
  EXPECT_EQ(RelativeImprovement(80, 80), 0);
}

TEST(PermutationTest, CountsTheAssignmentsThatAreAtLeastAsGood) {
  // Of the six pairs of {4, 3, 2, 1}, only the observed one has the sum 7.
  EXPECT_DOUBLE_EQ(PValue({4, 3}, {2, 1}), 1.0 / 6);
  // The pairs with a sum of at least 5 are 4+3, 4+2, 4+1, 3+2.
  EXPECT_DOUBLE_EQ(PValue({4, 1}, {2, 3}), 4.0 / 6);
  // Every assignment is at least as good as the worst one.
  EXPECT_DOUBLE_EQ(PValue({1, 2}, {3, 4}), 1);
  // Three derived architectures against twelve random ones: 1 of 455 assignments.
  EXPECT_DOUBLE_EQ(PValue({20, 21, 22}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), 1.0 / 455);
}

TEST(PermutationTest, EqualValuesAreNoEvidence) {
  EXPECT_DOUBLE_EQ(PValue({94.1, 94.1}, {94.1, 94.1, 94.1}), 1);
  // The result does not depend on the order in which a sum is rounded.
  EXPECT_DOUBLE_EQ(PValue({0.1, 0.2, 0.3}, {0.3, 0.2, 0.1}),
                   BruteForce({0.1, 0.2, 0.3}, {0.3, 0.2, 0.1}));
}

TEST(PermutationTest, AgreesWithBruteForce) {
  const std::vector<double> values = {94.31, 93.8, 95.02, 94.0, 92.7, 94.31,
                                      93.3,  95.4, 91.9,  94.9, 93.8};
  for (size_t size = 1; size < values.size(); ++size) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(size);
    const std::vector<double> group(values.begin(), middle), others(middle, values.end());
    EXPECT_NEAR(PValue(group, others), BruteForce(group, others), 1e-12) << size;
  }
}

TEST(PermutationTest, DrawsWhereThereAreTooManyAssignments) {
  // 40 choose 20 is above 10^11.
  std::vector<double> group(20), others(20);
  std::iota(group.begin(), group.end(), 4);
  std::iota(others.begin(), others.end(), 0);
  const PermutationTest test = TestGreaterMean(group, others, MakeGenerator(3, "test"));
  EXPECT_FALSE(test.is_exact);
  // The expected value comes from 60,000 samples of Python's random module, with a standard error
  // of 0.0006.
  EXPECT_NEAR(test.p_value, 0.0207, 0.003);
  EXPECT_EQ(test.p_value, TestGreaterMean(group, others, MakeGenerator(3, "test")).p_value);
  EXPECT_NE(test.p_value, TestGreaterMean(group, others, MakeGenerator(4, "test")).p_value);
}

TEST(PermutationTest, ADrawnPValueIsNeverZero) {
  std::vector<double> group(30, 2.0), others(30, 1.0);
  const PermutationTest test = TestGreaterMean(group, others, MakeGenerator(1, "test"));
  EXPECT_FALSE(test.is_exact);
  EXPECT_DOUBLE_EQ(test.p_value, 1.0 / (kMostPermutations + 1));
}

}  // namespace
}  // namespace pdarts
