#include "pdarts/nn/cost_model.h"

#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/nn/network_counts.h"

namespace pdarts::nn {
namespace {

/// The shape of a network of a space and a skeleton that is counted quickly.
NetworkShape SmallShape(const SearchSpace& space, const std::string& skeleton) {
  NetworkShape shape = space.default_network_shape(skeleton).value();
  shape.channels = 4;
  shape.cells = 6;
  return shape;
}

TEST(CountModels, AreWhatTheNetworksCount) {
  for (const auto& [name, skeleton] :
       {std::pair("darts", "cifar"), {"darts", "imagenet"}, {"nasbench201", "cifar"}}) {
    const auto space = Registry<SearchSpace>::CreateDefault(name).value();
    const NetworkShape shape = SmallShape(*space, skeleton);
    const auto models = CountModels::Make(*space, shape);
    ASSERT_TRUE(models.ok()) << models.status();
    const at::Generator generator = MakeGenerator(1, "test");
    for (int i = 0; i < 4; ++i) {
      const Architecture architecture = RandomArchitecture(*space, generator).value();
      const NetworkCounts counted = CountNetwork(*space, architecture, shape).value();
      EXPECT_EQ(models->params.Of(architecture), counted.params) << name << " " << skeleton;
      EXPECT_EQ(models->macs.Of(architecture), counted.macs) << name << " " << skeleton;
    }
  }
}

TEST(CountModels, KnowThePublishedNetwork) {
  const auto space = Registry<SearchSpace>::CreateDefault("darts").value();
  const NetworkShape shape = space->default_network_shape().value();
  for (const auto& [name, text] : space->known_architectures()) {
    if (name != "PDARTS") continue;
    const Architecture architecture = space->Parse(text).value();
    const CountModels models = CountModels::Make(*space, shape).value();
    EXPECT_EQ(models.params.Of(architecture), 3433798);
    EXPECT_EQ(models.macs.Of(architecture), 532174464);
  }
}

TEST(SumOperationCosts, AsksOnceForEachPlace) {
  const auto space = Registry<SearchSpace>::CreateDefault("nasbench201").value();
  NetworkShape shape = SmallShape(*space, "cifar");
  shape.cells = 5;
  int asked = 0;
  const auto costs = SumOperationCosts(
      *space, shape, [&](const std::string& operation, const OperationPlace& place) {
        ++asked;
        return absl::StatusOr<double>(operation == "nor_conv_3x3" ? place.input.channels : 0);
      });
  ASSERT_TRUE(costs.ok()) << costs.status();
  // There are five operations in three blocks, and each block has five cells, with 4, 8 and 16
  // channels.
  EXPECT_EQ(asked, 15);
  ASSERT_EQ((*costs)[0].size(), 6u);
  EXPECT_EQ((*costs)[0][5], (std::vector<double>{0, 0, 0, 5 * (4 + 8 + 16), 0}));
}

TEST(SumOperationCosts, TellsWhatACostFails) {
  const auto space = Registry<SearchSpace>::CreateDefault("darts").value();
  const auto costs =
      SumOperationCosts(*space, SmallShape(*space, "cifar"),
                        [&](const std::string& operation, const OperationPlace&) {
                          return absl::StatusOr<double>(absl::NotFoundError(operation));
                        });
  EXPECT_EQ(costs.status(), absl::NotFoundError("none"));
}

}  // namespace
}  // namespace pdarts::nn
