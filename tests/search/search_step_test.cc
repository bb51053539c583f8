// A step by one batch moves the weights and the alphas as a step of each by this batch would.

#include "pdarts/trainers/search_step.h"

#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"

namespace pdarts {
namespace {

constexpr double kLearningRate = 0.1;

class SharedStepTest : public ::testing::Test {
 protected:
  SharedStepTest() {
    batch_.images = at::randn({4, 3, 16, 16}, MakeGenerator(1, "images")).to(at::kDouble);
    batch_.labels = at::randint(10, {4}, MakeGenerator(1, "labels"), at::kLong);
  }

  /// A super-network, equal in all calls, with nothing that drops.
  static std::shared_ptr<SuperNet> Net() {
    const auto space = Registry<SearchSpace>::CreateDefault("darts").value();
    auto net = space
                   ->BuildSuperNet(space->InitialCandidates().value(), {3, 4, {3, 16, 16}, 10},
                                   MakeGenerator(1, "weights"))
                   .value();
    net->InitializeAlphas(0.1, MakeGenerator(1, "alphas"));
    net->to(at::kDouble);
    return net;
  }

  static void ExpectSame(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].allclose(b[i], 1e-9, 1e-12)) << i;
  }

  Batch batch_;
  const SearchSettings settings_;
};

TEST_F(SharedStepTest, MovesBothByTheGradientsOfOnePass) {
  SearchStep both(Net(), settings_), weights(Net(), settings_), alphas(Net(), settings_);
  ASSERT_TRUE(both.TrainBoth(batch_, kLearningRate).ok());
  ASSERT_TRUE(weights.TrainWeights(batch_, kLearningRate).ok());
  ASSERT_TRUE(alphas.TrainAlphas(batch_, batch_, kLearningRate).ok());
  ExpectSame(both.net().weights(), weights.net().weights());
  ExpectSame(both.net().alphas(), alphas.net().alphas());
  EXPECT_FALSE(both.net().alphas()[0].allclose(Net()->alphas()[0]));
}

TEST_F(SharedStepTest, AddsThePenaltyOfBoth) {
  SearchStep step(Net(), settings_);
  std::vector<GradientOf> asked;
  step.set_penalty([&](GradientOf of) {
    asked.push_back(of);
    return at::Tensor();
  });
  ASSERT_TRUE(step.TrainBoth(batch_, kLearningRate).ok());
  EXPECT_EQ(asked, std::vector<GradientOf>{GradientOf::kBoth});
}

}  // namespace
}  // namespace pdarts
