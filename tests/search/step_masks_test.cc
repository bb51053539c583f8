// Tests the random numbers of the trainers' steps: they depend only on the masks of the run and the
// place of the batch.

#include <memory>

#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "gtest/gtest.h"
#include "pdarts/core/knob.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/trainers/network_step.h"
#include "pdarts/trainers/search_step.h"

namespace pdarts {
namespace {

Batch ABatch(int64_t epoch, int64_t first_image) {
  Batch batch;
  batch.images = at::randn({4, 3, 16, 16}, MakeGenerator(1, "images"));
  batch.labels = at::randint(10, {4}, MakeGenerator(1, "labels"), at::kLong);
  batch.epoch = epoch;
  batch.first_image = first_image;
  return batch;
}

std::unique_ptr<SearchSpace> Space() {
  return Registry<SearchSpace>::CreateDefault("darts").value();
}

/// The logits of the first forward pass of a new super-network. All images are different.
at::Tensor LogitsOf(GradientOf of, const Batch& batch, uint64_t seed = 1, int64_t stage = 0,
                    AlphaGradients alpha_gradients = FIRST_ORDER) {
  const auto space = Space();
  const auto super_net = space
                             ->BuildSuperNet(space->InitialCandidates().value(),
                                             {3, 4, {3, 16, 16}, 10}, MakeGenerator(1, "weights"))
                             .value();
  EXPECT_TRUE(super_net->SetKnob(kSkipDropoutKnob, 0.5).ok());
  SearchSettings settings;
  settings.set_alpha_gradients(alpha_gradients);
  SearchStep step(super_net, settings, seed, stage);
  const auto pass = of == GradientOf::kWeights ? step.TrainWeights(batch, /*learning_rate=*/0)
                                               : step.TrainAlphas(batch, batch, 0);
  EXPECT_TRUE(pass.ok()) << pass.status();
  return pass->logits;
}

TEST(SearchStep, MasksAreThoseOfItsPlace) {
  for (const GradientOf of : {GradientOf::kWeights, GradientOf::kAlphas}) {
    const at::Tensor logits = LogitsOf(of, ABatch(2, 8));
    EXPECT_TRUE(logits.equal(LogitsOf(of, ABatch(2, 8))));
    EXPECT_FALSE(logits.equal(LogitsOf(of, ABatch(3, 8)))) << "another epoch";
    EXPECT_FALSE(logits.equal(LogitsOf(of, ABatch(2, 12)))) << "another step";
    EXPECT_FALSE(logits.equal(LogitsOf(of, ABatch(2, 8), /*seed=*/2)));
    EXPECT_FALSE(logits.equal(LogitsOf(of, ABatch(2, 8), /*seed=*/1, /*stage=*/1)));
  }
  EXPECT_FALSE(LogitsOf(GradientOf::kWeights, ABatch(2, 8))
                   .equal(LogitsOf(GradientOf::kAlphas, ABatch(2, 8))))
      << "the passes of one step draw the same";
}

TEST(SearchStep, ThePassOfTheAlphasDrawsTheSameWhenItIsUnrolled) {
  EXPECT_TRUE(
      LogitsOf(GradientOf::kAlphas, ABatch(2, 8))
          .allclose(LogitsOf(GradientOf::kAlphas, ABatch(2, 8), 1, 0, UNROLLED), 1e-4, 1e-5));
}

TEST(NetworkStep, DropsPathsByItsPlace) {
  const auto space = Space();
  Architecture architecture;
  for (const auto& [name, text] : space->known_architectures()) {
    if (name == "PDARTS") architecture = space->Parse(text).value();
  }
  const auto logits = [&](const Batch& batch, double drop_path, uint64_t seed = 1) {
    NetworkShape shape;
    shape.cells = 3;
    shape.channels = 4;
    shape.image = {3, 16, 16};
    const auto network =
        space->BuildNetwork(architecture, shape, MakeGenerator(1, "weights")).value();
    const TrainSettings settings;
    NetworkStep step(network, /*average=*/nullptr, settings, seed);
    const auto pass = step.Train(batch, /*learning_rate=*/0, drop_path);
    EXPECT_TRUE(pass.ok()) << pass.status();
    return pass->logits;
  };
  const at::Tensor dropped = logits(ABatch(2, 8), 0.5);
  EXPECT_TRUE(dropped.equal(logits(ABatch(2, 8), 0.5)));
  EXPECT_FALSE(dropped.equal(logits(ABatch(2, 8), 0)));
  EXPECT_FALSE(dropped.equal(logits(ABatch(3, 8), 0.5))) << "another epoch";
  EXPECT_FALSE(dropped.equal(logits(ABatch(2, 12), 0.5))) << "another step";
  EXPECT_FALSE(dropped.equal(logits(ABatch(2, 8), 0.5, /*seed=*/2)));
}

}  // namespace
}  // namespace pdarts
