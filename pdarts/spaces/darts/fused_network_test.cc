// Compares the networks with fused kernels and with reference kernels, in float64.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/spaces/darts/cells.h"
#include "pdarts/spaces/darts/super_net.h"
#include "pdarts/trainers/super_net_comparison.h"
#include "pdarts/trainers/super_net_gradients.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::darts {
namespace {

struct Stage {
  int cells;
  int candidates;
  double dropout;
  bool training;
  bool noise = false;
};

std::shared_ptr<SuperNet> MakeNet(const Stage& stage, Kernels kernels) {
  // The edges have different candidates. A cell with noise is not computed in one pass.
  EdgeCandidates operations = UsualOperations();
  if (stage.noise) {
    operations.push_back(OperationIndex(DartsTopology().kinds[kNormal], kNoise));
    std::sort(operations.begin(), operations.end());
  }
  Candidates candidates(DartsTopology().kinds.size(), CellCandidates(kNumEdges, operations));
  for (auto& kind : candidates) {
    for (size_t e = 0; e < kind.size(); ++e) {
      while (static_cast<int>(kind[e].size()) > stage.candidates) {
        kind[e].erase(kind[e].begin() +
                      static_cast<int>(3 * e + kind[e].size()) % static_cast<int>(kind[e].size()));
      }
    }
  }
  SuperNetShape shape;
  shape.cells = stage.cells;
  shape.channels = 4;
  shape.image = {3, 16, 16};
  shape.backend = ResolveBackend(kernels, FLOAT64, at::kCPU).value();
  auto super_net = MakeSuperNet(candidates, shape, MakeGenerator(1, "weights"));
  super_net->InitializeAlphas(1, MakeGenerator(1, "alphas"));
  super_net->to(at::kDouble);
  super_net->train(stage.training);
  const absl::Status status = super_net->SetKnob("skip_connect.dropout", stage.dropout);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return super_net;
}

class FusedNetworkTest : public testing::TestWithParam<Stage> {};

/// Compares the networks with both kernels.
void ExpectSameNetwork(const Stage& stage, Kernels actual_kernels, Kernels expected_kernels) {
  const auto actual = MakeNet(stage, actual_kernels), expected = MakeNet(stage, expected_kernels);
  GradientRequest request;
  request.images = at::randn({4, 3, 16, 16}, MakeGenerator(1, "images"), at::kDouble);
  request.labels = at::randint(10, {4}, MakeGenerator(1, "labels"), at::kLong);
  for (const GradientOf of : {GradientOf::kAlphas, GradientOf::kWeights, GradientOf::kBoth}) {
    request.of = of;
    request.context.masks = Masks({/*seed=*/1}, /*first_image=*/0);
    request.context.update_statistics = of != GradientOf::kBoth;
    ExpectSameGradients(*actual, *expected, request);
  }
}

TEST_P(FusedNetworkTest, IsTheSame) { ExpectSameNetwork(GetParam(), FUSED, REFERENCE); }

// The expected values come from the fused kernels, which take a fraction of the time of the
// reference kernels, and which the test above compares with those.
TEST_P(FusedNetworkTest, IsTheSameWithGroupedOperators) {
  ExpectSameNetwork(GetParam(), GROUPED, FUSED);
}

// Three cells are one normal cell and two reductions. Five cells also have normal cells after a
// reduction, and six cells have two normal cells in sequence.
INSTANTIATE_TEST_SUITE_P(Stages, FusedNetworkTest,
                         testing::Values(Stage{5, 8, 0, true}, Stage{6, 5, 0.4, true},
                                         Stage{5, 3, 0.7, true}, Stage{3, 8, 1, true},
                                         Stage{5, 1, 0.5, true}, Stage{3, 8, 0.5, false},
                                         Stage{3, 9, 0.4, true, true},
                                         Stage{3, 2, 0, false, true}));

class FusedDerivedNetworkTest : public testing::TestWithParam<double> {};

TEST_P(FusedDerivedNetworkTest, IsTheSame) {
  const auto space = Registry<SearchSpace>::CreateDefault("darts").value();
  // Identities, operations of every kind, and noise. The cell with noise is computed node by node.
  const std::string normal =
      "('skip_connect', 0), ('sep_conv_3x3', 1), ('dil_conv_5x5', 0), ('skip_connect', 2), "
      "('max_pool_3x3', 1), ('none', 3), ('avg_pool_3x3', 2), ('sep_conv_5x5', 4)";
  const std::string reduce =
      "('skip_connect', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('dil_conv_3x3', 0), "
      "('noise', 1), ('skip_connect', 3), ('sep_conv_3x3', 0), ('skip_connect', 4)";
  const auto architecture =
      space->Parse("Genotype(normal=[" + normal + "], reduce=[" + reduce + "])");
  ASSERT_TRUE(architecture.ok()) << architecture.status();
  ForwardContext context;
  context.drop_path = GetParam();
  context.masks = Masks({/*seed=*/1}, /*first_image=*/0);
  const at::Tensor images = at::randn({4, 3, 16, 16}, MakeGenerator(1, "images"), at::kDouble);
  std::vector<at::Tensor> logits;
  std::vector<std::vector<at::Tensor>> gradients, buffers;
  for (const Kernels kernels : {REFERENCE, FUSED, GROUPED}) {
    NetworkShape shape;
    shape.cells = 4;
    shape.channels = 4;
    shape.image = {3, 16, 16};
    shape.backend = ResolveBackend(kernels, FLOAT64, at::kCPU).value();
    const auto network =
        space->BuildNetwork(*architecture, shape, MakeGenerator(1, "weights")).value();
    network->to(at::kDouble);
    logits.push_back(network->Forward(images, context).logits);
    gradients.push_back(torch::autograd::grad({logits.back().square().sum()}, network->parameters(),
                                              {}, std::nullopt, false,
                                              /*allow_unused=*/true));
    buffers.push_back(network->buffers());
  }
  for (size_t k = 1; k < logits.size(); ++k) {
    SCOPED_TRACE(k == 1 ? "fused" : "grouped");
    ExpectClose(logits[k], logits[0], "logits");
    for (size_t i = 0; i < gradients[0].size(); ++i) {
      ASSERT_EQ(gradients[k][i].defined(), gradients[0][i].defined());
      if (!gradients[0][i].defined()) continue;
      ExpectClose(gradients[k][i], gradients[0][i], "parameter " + std::to_string(i));
    }
    for (size_t i = 0; i < buffers[0].size(); ++i) {
      ExpectClose(buffers[k][i], buffers[0][i], "buffer " + std::to_string(i));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(DropPath, FusedDerivedNetworkTest, testing::Values(0.0, 0.3, 0.7));

}  // namespace
}  // namespace pdarts::darts
