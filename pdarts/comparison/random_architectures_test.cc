#include "pdarts/comparison/random_architectures.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"

namespace pdarts {
namespace {

std::unique_ptr<SearchSpace> Space(const char* name) {
  return Registry<SearchSpace>::CreateDefault(name).value();
}

std::vector<std::string> Texts(const SearchSpace& space,
                               const std::vector<Architecture>& architectures) {
  std::vector<std::string> texts;
  for (const Architecture& a : architectures) texts.push_back(space.Format(a).value());
  return texts;
}

/// The number of edges that hold a convolution.
absl::StatusOr<double> Convolutions(const Architecture& architecture) {
  double count = 0;
  for (const CellArchitecture& cell : architecture.cells()) {
    for (const ArchitectureEdge& edge : cell.edges()) {
      count += absl::StrContains(edge.operation(), "conv");
    }
  }
  return count;
}

TEST(DrawArchitectures, GivesOneOfEachForm) {
  const auto space = Space("nasbench201");
  // Without the check, 3,000 draws of 15,625 architectures would give some architectures twice, and
  // more architectures that compute the same.
  const auto drawn = DrawArchitectures(*space, 3000, {}, MakeGenerator(1, "test"));
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  std::set<std::string> forms;
  for (const Architecture& a : *drawn) forms.insert(space->CanonicalForm(a).value());
  EXPECT_EQ(forms.size(), 3000u);
}

TEST(DrawArchitectures, OfOneSeedBeginWithTheSameOnes) {
  const auto space = Space("darts");
  const auto draw = [&](int count, uint64_t seed) {
    return Texts(*space, DrawArchitectures(*space, count, {}, MakeGenerator(seed, "test")).value());
  };
  const std::vector<std::string> few = draw(3, 1), more = draw(6, 1);
  ASSERT_EQ(more.size(), 6u);
  EXPECT_EQ(few, std::vector<std::string>(more.begin(), more.begin() + 3));
  EXPECT_NE(few, draw(3, 2));
}

TEST(DrawArchitectures, KeepsToTheCostsInTurn) {
  const auto space = Space("darts");
  CostMatch match;
  match.cost = Convolutions;
  match.targets = {8, 12};
  match.tolerance = 0.1;
  const auto drawn = DrawArchitectures(*space, 5, match, MakeGenerator(1, "test"));
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  for (size_t i = 0; i < drawn->size(); ++i) {
    const double target = match.targets[i % 2];
    EXPECT_LE(std::abs(Convolutions((*drawn)[i]).value() - target), 0.1 * target) << i;
  }
}

TEST(DrawArchitectures, SaysWhereThereAreNoMore) {
  const auto space = Space("nasbench201");
  CostMatch match;
  match.unit = "macs";
  match.cost = Convolutions;
  match.targets = {40};
  match.tolerance = 0.1;
  const auto none = DrawArchitectures(*space, 2, match, MakeGenerator(1, "test"));
  EXPECT_EQ(none.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(none.status().message(), "only 0 different architectures"));
  EXPECT_TRUE(absl::StrContains(none.status().message(), "with macs within 10% of 40"));
}

TEST(DrawArchitectures, TellsWhyACostIsNotKnown) {
  const auto space = Space("darts");
  CostMatch match;
  match.cost = [](const Architecture&) -> absl::StatusOr<double> {
    return absl::UnavailableError("no scale");
  };
  match.targets = {1};
  EXPECT_EQ(DrawArchitectures(*space, 1, match, MakeGenerator(1, "test")).status(),
            absl::UnavailableError("no scale"));
}

TEST(ShuffleProbabilities, MovesValuesWithinACellKindOnly) {
  const EdgeProbabilities before = {{{0.1, 0.9}, {0.4, 0.6}}, {{0.2, 0.3, 0.5}}};
  std::set<std::vector<double>> orders;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const EdgeProbabilities after = ShuffleProbabilities(before, MakeGenerator(seed, "test"));
    ASSERT_EQ(after.size(), 2u);
    ASSERT_EQ(after[0].size(), 2u);
    ASSERT_EQ(after[0][0].size(), 2u);
    ASSERT_EQ(after[0][1].size(), 2u);
    std::vector<double> first = {after[0][0][0], after[0][0][1], after[0][1][0], after[0][1][1]};
    orders.insert(first);
    std::sort(first.begin(), first.end());
    EXPECT_EQ(first, std::vector<double>({0.1, 0.4, 0.6, 0.9}));
    std::vector<double> second = after[1][0];
    std::sort(second.begin(), second.end());
    EXPECT_EQ(second, std::vector<double>({0.2, 0.3, 0.5}));
  }
  EXPECT_EQ(orders.size(), 24u);  // every order of four values occurs
}

TEST(ShuffleProbabilities, RepeatsForASeed) {
  const EdgeProbabilities before = {{{0.1, 0.2, 0.3, 0.4}, {0.5, 0.6, 0.7, 0.8}}};
  const auto shuffle = [&](uint64_t seed) {
    return ShuffleProbabilities(before, MakeGenerator(seed, "test"));
  };
  EXPECT_EQ(shuffle(1), shuffle(1));
  EXPECT_NE(shuffle(1), shuffle(2));
}

}  // namespace
}  // namespace pdarts
