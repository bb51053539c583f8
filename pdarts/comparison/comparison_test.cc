#include "pdarts/comparison/comparison.h"

#include "gtest/gtest.h"
#include "pdarts/base/json.h"

namespace pdarts {
namespace {

TEST(CompareGroups, GivesTheJsonThatIsPromised) {
  // An architecture that was derived twice counts twice.
  const MeasuredArchitecture found = {"f", 96, 3e6, 500e6};
  const GroupComparison compared =
      CompareGroups({{"ours", {found, found}}}, {{"r", 80, 1e6, 200e6}, {"s", 70, 2e6, 300e6}}, 1);
  EXPECT_TRUE(compared.is_exact);
  EXPECT_EQ(
      ToJsonLine(compared.comparison),
      R"({"groups":[{"name":"ours","architectures":2,"mean":96,"std":0,"relative_improvement":28,)"
      R"("p_value":0.16666666666666666},{"name":"random","architectures":2,"mean":75,)"
      R"("std":7.0710678118654755,"relative_improvement":0,"p_value":null}],"architectures":[)"
      R"({"group":"ours","architecture":"f","accuracy":96,"params":3000000,"macs":500000000},)"
      R"({"group":"ours","architecture":"f","accuracy":96,"params":3000000,"macs":500000000},)"
      R"({"group":"random","architecture":"r","accuracy":80,"params":1000000,"macs":200000000},)"
      R"({"group":"random","architecture":"s","accuracy":70,"params":2000000,"macs":300000000}]})");
}

TEST(CompareGroups, TestsEveryGroupAgainstTheRandomOnes) {
  const auto of = [](double accuracy) { return MeasuredArchitecture{"a", accuracy, 0, 0}; };
  const Comparison comparison =
      CompareGroups({{"better", {of(95)}}, {"worse", {of(60)}}}, {of(70), of(80), of(90)}, 1)
          .comparison;
  EXPECT_DOUBLE_EQ(comparison.groups(0).p_value().number_value(), 0.25);
  EXPECT_DOUBLE_EQ(comparison.groups(0).relative_improvement(), 18.75);
  EXPECT_DOUBLE_EQ(comparison.groups(1).p_value().number_value(), 1);
  EXPECT_DOUBLE_EQ(comparison.groups(1).relative_improvement(), -25);
}

TEST(CompareGroups, DrawsTheSamePermutationsForEveryGroup) {
  // 30 choose 10 assignments are too many, so the test draws some of them.
  std::vector<MeasuredArchitecture> random, found;
  for (int i = 0; i < 20; ++i) random.push_back({"r", 70.0 + i, 0, 0});
  for (int i = 0; i < 10; ++i) found.push_back({"f", 75.3 + 1.1 * i, 0, 0});
  const GroupComparison compared = CompareGroups({{"one", found}, {"two", found}}, random, 1);
  EXPECT_FALSE(compared.is_exact);
  const auto p_value = [&](int group) {
    return compared.comparison.groups(group).p_value().number_value();
  };
  EXPECT_GT(p_value(0), 0.01);
  EXPECT_LT(p_value(0), 0.99);
  EXPECT_EQ(p_value(0), p_value(1));
}

TEST(GroupMean, IsOverTheGroupsArchitectures) {
  const Comparison comparison =
      CompareGroups({{"g", {{"a", 90, 1, 10}, {"b", 92, 3, 40}}}}, {{"r", 80, 7, 70}}, 1)
          .comparison;
  EXPECT_DOUBLE_EQ(GroupMean(comparison, "g", &ComparedArchitecture::macs), 25);
  EXPECT_DOUBLE_EQ(GroupMean(comparison, "g", &ComparedArchitecture::params), 2);
  EXPECT_DOUBLE_EQ(GroupMean(comparison, "random", &ComparedArchitecture::macs), 70);
}

}  // namespace
}  // namespace pdarts
