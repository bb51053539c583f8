#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/zeros.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/nn/macs.h"
#include "pdarts/spaces/darts/cells.h"
#include "pdarts/spaces/darts/darts_space.pb.h"
#include "pdarts/trainers/super_net_gradients.h"
#include "torch/csrc/api/include/torch/utils.h"

namespace pdarts::darts {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<std::unique_ptr<SearchSpace>> Make(const std::string& text) {
  DartsSpaceConfig settings;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &settings)) << text;
  google::protobuf::Any config;
  config.PackFrom(settings);
  return Registry<SearchSpace>::Create(config);
}

std::unique_ptr<SearchSpace> Space() { return Make("").value(); }

at::Generator Weights(uint64_t seed = 1) { return MakeGenerator(seed, "weights"); }

/// The context of a forward pass that trains weights.
ForwardContext Pass(uint64_t seed, double drop_path = 0) {
  ForwardContext context;
  context.drop_path = drop_path;
  context.masks = Masks({seed, /*stage=*/0, /*epoch=*/0, MaskStream::kWeights}, /*first_image=*/0);
  return context;
}

at::Tensor Images(int count, int side) {
  return at::randn({count, 3, side, side}, MakeGenerator(1, "images"), at::kFloat);
}

SuperNetShape Small() {
  SuperNetShape shape;
  shape.cells = 3;
  shape.channels = 2;
  shape.image = {3, 8, 8};
  shape.backend.kernels = REFERENCE;
  return shape;
}

std::shared_ptr<SuperNet> SmallSuperNet() {
  const auto space = Space();
  return space->BuildSuperNet(space->InitialCandidates().value(), Small(), Weights()).value();
}

Architecture Known(const SearchSpace& space, const std::string& name) {
  for (const auto& [known, text] : space.known_architectures()) {
    if (known == name) return space.Parse(text).value();
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(DartsSpace, HasTwoCellKindsOf14Edges) {
  const auto space = Space();
  ASSERT_EQ(space->topology().kinds.size(), 2u);
  for (const CellKind& kind : space->topology().kinds) {
    ASSERT_EQ(kind.edges.size(), 14u);
    EXPECT_EQ(kind.operations.size(), 9u);
    for (const char* const operation : kOptionalOperations) {
      EXPECT_GE(OperationIndex(kind, operation), 0) << operation;
    }
    EXPECT_EQ(kind.edges[0].from, 0);
    EXPECT_EQ(kind.edges[0].to, 2);
    EXPECT_EQ(kind.edges[13].from, 4);
    EXPECT_EQ(kind.edges[13].to, 5);
  }
}

TEST(DartsSpace, ASearchBeginsWithThePublishedOperationsUnlessTheConfigSaysOtherwise) {
  const Candidates usual = Space()->InitialCandidates().value();
  EXPECT_EQ(usual, Candidates(2, CellCandidates(14, {0, 1, 2, 3, 4, 5, 6, 7})));
  const Candidates two =
      Make("operations: ['sep_conv_3x3', 'noise']").value()->InitialCandidates().value();
  EXPECT_EQ(two, Candidates(2, CellCandidates(14, {4, 8})));
  const Candidates some = Make(
                              "operations: ['skip_connect', 'sep_conv_3x3'] "
                              "edges { from: 1 to: 3 operations: ['none', 'noise'] } "
                              "edges { cell_kind: 'reduce' from: 0 to: 2 "
                              "        operations: ['max_pool_3x3', 'skip_connect'] }")
                              .value()
                              ->InitialCandidates()
                              .value();
  Candidates expected(2, CellCandidates(14, {3, 4}));
  expected[0][3] = expected[1][3] = {0, 8};
  expected[1][0] = {1, 3};
  EXPECT_EQ(some, expected);
}

TEST(DartsSpace, OperationsThatDoNotFitAreRefused) {
  const auto error = [](const std::string& text) {
    return std::string(Make(text).status().message());
  };
  EXPECT_THAT(error("operations: 'conv'"),
              HasSubstr("operations[0]: \"conv\" is unknown; expected some of none, max_pool_3x3"));
  EXPECT_THAT(error("operations: ['sep_conv_3x3', 'skip_connect']"),
              HasSubstr("operations[1]: \"skip_connect\" occurs twice or is out of order"));
  EXPECT_THAT(error("operations: 'none'"),
              HasSubstr("there is only none, which may not be derived"));
  EXPECT_EQ(error("operations: 'none' allow_none: true"), "");
  EXPECT_THAT(error("edges { from: 3 to: 2 operations: 'none' }"),
              HasSubstr("edges[0]: there is no edge from 3 to 2 in a cell"));
  EXPECT_THAT(error("edges { cell_kind: 'cell' from: 0 to: 2 operations: 'noise' }"),
              HasSubstr("edges[0].cell_kind: \"cell\" is unknown; expected normal or reduce"));
  EXPECT_THAT(error("operations: 'noise' edges { from: 0 to: 2 operations: 'conv' }"),
              HasSubstr("edges[0].operations[0]: \"conv\" is unknown"));
  EXPECT_THAT(error("operations: 'noise' edges { from: 0 to: 2 operations: 'noise' } "
                    "edges { cell_kind: 'reduce' from: 0 to: 2 operations: 'noise' }"),
              HasSubstr("edges[1]: the reduce edge 0 -> 2 is listed twice"));
  EXPECT_THAT(error("operations: 'noise' edges { from: 0 to: 3 operations: ['none', 'noise'] }"),
              HasSubstr("edges: the normal edge 0 -> 3 has 2 operations and 0 -> 2 has 1; expected "
                        "the same number"));
}

TEST(DartsNetworks, EvaluateWithTheSameNoiseEachTime) {
  const auto space = Make("operations: ['sep_conv_3x3', 'noise']").value();
  const auto super_net =
      space->BuildSuperNet(space->InitialCandidates().value(), Small(), Weights()).value();
  const at::Tensor images = Images(4, 8);
  EXPECT_FALSE(super_net->Forward(images, Pass(1)).equal(super_net->Forward(images, Pass(2))));
  super_net->eval();
  const at::Tensor whole = super_net->Forward(images);
  EXPECT_TRUE(super_net->Forward(images).equal(whole));
  ForwardContext second_half;
  second_half.masks = Masks(MaskKey(), /*first_image=*/2);
  EXPECT_TRUE(
      super_net->Forward(images.slice(0, 2), second_half).allclose(whole.slice(0, 2), 1e-4, 1e-5))
      << "an image's logits depend on its batch";

  const std::string edges =
      "('noise', 0), ('sep_conv_3x3', 1), ('noise', 0), ('noise', 1), ('noise', 1), "
      "('skip_connect', 2), ('sep_conv_3x3', 0), ('noise', 4)";
  const Architecture noisy =
      space->Parse("Genotype(normal=[" + edges + "], reduce=[" + edges + "])").value();
  for (const Kernels kernels : {FUSED, REFERENCE}) {
    NetworkShape shape = Space()->default_network_shape().value();
    shape.cells = 3;
    shape.channels = 2;
    shape.image = {3, 8, 8};
    shape.backend.kernels = kernels;
    const auto derived = Space()->BuildNetwork(noisy, shape, Weights()).value();
    EXPECT_FALSE(
        derived->Forward(images, Pass(1)).logits.equal(derived->Forward(images, Pass(2)).logits));
    derived->eval();
    EXPECT_TRUE(derived->Forward(images).logits.equal(derived->Forward(images).logits));
  }
}

TEST(DartsSuperNet, GivesLogitsAtAnySideDivisibleBy4) {
  const auto space = Space();
  SuperNetShape shape = Small();
  shape.image = {1, 4, 12};
  shape.classes = 7;
  const auto super_net =
      space->BuildSuperNet(space->InitialCandidates().value(), shape, Weights()).value();
  EXPECT_EQ(super_net->Forward(at::zeros({2, 1, 4, 12})).sizes(), (std::vector<int64_t>{2, 7}));
  EXPECT_THAT(super_net->Describe(), HasSubstr("3 cells (reductions: 1, 2), channels 2 to 8"));
}

TEST(DartsSuperNet, RefusesOtherSides) {
  const auto space = Space();
  SuperNetShape shape = Small();
  shape.image = {3, 32, 30};
  const auto super_net = space->BuildSuperNet(space->InitialCandidates().value(), shape, Weights());
  EXPECT_EQ(super_net.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(super_net.status().message()),
            "images of 32x30: the sides must be divisible by 4");
}

TEST(DartsSuperNet, TakesEveryNumberOfCells) {
  const auto space = Space();
  for (int cells = 1; cells <= 4; ++cells) {
    SuperNetShape shape = Small();
    shape.cells = cells;
    const auto super_net =
        space->BuildSuperNet(space->InitialCandidates().value(), shape, Weights());
    ASSERT_TRUE(super_net.ok());
    EXPECT_EQ((*super_net)->Forward(Images(2, 8)).size(1), 10) << cells;
  }
}

TEST(DartsSuperNet, IsMadeFromItsGeneratorAlone) {
  const auto first = SmallSuperNet()->named_parameters();
  const auto again = SmallSuperNet()->named_parameters();
  for (const auto& entry : first) EXPECT_TRUE(entry.value().equal(again[entry.key()]));
}

TEST(DartsSuperNet, DropsSkipsInTrainingOnly) {
  const auto super_net = SmallSuperNet();
  const at::Tensor images = Images(4, 8);
  const at::Tensor plain = super_net->Forward(images);
  EXPECT_TRUE(super_net->Forward(images, Pass(1)).equal(plain)) << "the rate is 0";
  ASSERT_TRUE(super_net->SetKnob("skip_connect.dropout", 0.5).ok());
  const at::Tensor dropped = super_net->Forward(images, Pass(1));
  EXPECT_FALSE(dropped.allclose(plain));
  EXPECT_FALSE(super_net->Forward(images, Pass(2)).allclose(dropped)) << "a new mask";
  EXPECT_TRUE(super_net->Forward(images, Pass(1)).equal(dropped)) << "the same mask";
  super_net->eval();
  const at::Tensor evaluated = super_net->Forward(images);
  ASSERT_TRUE(super_net->SetKnob("skip_connect.dropout", 0).ok());
  EXPECT_TRUE(super_net->Forward(images).equal(evaluated));
}

TEST(DartsSuperNet, MovesStatisticsOnlyWhenAskedTo) {
  const auto super_net = SmallSuperNet();
  GradientRequest request;
  request.images = Images(4, 8);
  request.labels = at::zeros({4}, at::kLong);
  request.context.update_statistics = false;
  const GradientResult frozen = ComputeGradients(*super_net, request);
  for (const auto& entry : super_net->named_buffers()) {
    if (entry.key().find("running_mean") == std::string::npos) continue;
    EXPECT_EQ(entry.value().abs().max().item<float>(), 0) << entry.key();
  }
  request.context.update_statistics = true;
  const GradientResult moved = ComputeGradients(*super_net, request);
  EXPECT_TRUE(frozen.loss.equal(moved.loss));
  EXPECT_GT(super_net->named_buffers()["stem.1.running_mean"].abs().max().item<float>(), 0);
}

TEST(DartsSuperNet, LearnsNothingFromNoneAlone) {
  const auto space = Space();
  const Candidates none(2, CellCandidates(14, EdgeCandidates{0}));
  const auto super_net = space->BuildSuperNet(none, Small(), Weights()).value();
  GradientRequest request;
  request.images = Images(4, 8);
  request.labels = at::zeros({4}, at::kLong);
  request.of = GradientOf::kAlphas;
  for (const at::Tensor& gradient : ComputeGradients(*super_net, request).alphas) {
    EXPECT_EQ(gradient.abs().max().item<float>(), 0);
  }
}

TEST(DartsSuperNet, GradientsOfAlphasMatchFiniteDifferences) {
  const auto super_net = SmallSuperNet();
  super_net->to(at::kDouble);
  super_net->InitializeAlphas(0.5, MakeGenerator(1, "alphas"));
  GradientRequest request;
  request.images = Images(4, 8).to(at::kDouble);
  request.labels = at::randint(10, {4}, MakeGenerator(1, "labels"), at::kLong);
  request.context.update_statistics = false;
  const GradientResult result = ComputeGradients(*super_net, request);
  torch::NoGradGuard no_grad;
  constexpr double kStep = 1e-6;
  for (int kind : {0, 1}) {
    for (int edge : {0, 3, 13}) {
      for (int operation : {0, 3, 5}) {
        at::Tensor alpha = super_net->alphas()[kind][edge][operation];
        double loss[2];
        for (int side : {0, 1}) {
          alpha.add_(side == 0 ? kStep : -2 * kStep);
          loss[side] = at::cross_entropy_loss(super_net->Forward(request.images), request.labels)
                           .item<double>();
        }
        alpha.add_(kStep);
        EXPECT_NEAR(result.alphas[kind][edge][operation].item<double>(),
                    (loss[0] - loss[1]) / (2 * kStep), 1e-7);
      }
    }
  }
}

TEST(DartsNetwork, HasThePublishedSizes) {
  const auto space = Space();
  const struct {
    const char* genotype;
    const char* skeleton;
    int64_t parameters;
    int64_t macs;
  } kExpected[] = {
      {"PDARTS", "cifar", 3433798, 532174464},
      {"DARTS_V1", "cifar", 3169414, 500987520},
      {"DARTS_V2", "cifar", 3349342, 528359040},
      {"PDARTS", "imagenet", 4944352, 542819328},
  };
  for (const auto& expected : kExpected) {
    const NetworkShape shape = space->default_network_shape(expected.skeleton).value();
    const auto network =
        space->BuildNetwork(Known(*space, expected.genotype), shape, Weights()).value();
    EXPECT_EQ(CountParameters(*network), expected.parameters) << expected.genotype;
    EXPECT_EQ(nn::CountMacs(*network, shape.image), expected.macs) << expected.genotype;
    EXPECT_TRUE(network->is_training());
  }
}

NetworkShape SmallNetwork() {
  NetworkShape shape;
  shape.cells = 3;
  shape.channels = 4;
  return shape;
}

TEST(DartsNetwork, HasAnAuxiliaryHeadInTrainingOnly) {
  const auto space = Space();
  NetworkShape shape = SmallNetwork();
  shape.auxiliary_head = true;
  shape.classes = 7;
  const auto network = space->BuildNetwork(Known(*space, "PDARTS"), shape, Weights()).value();
  const NetworkOutput training = network->Forward(Images(2, 32));
  EXPECT_EQ(training.logits.sizes(), (std::vector<int64_t>{2, 7}));
  EXPECT_EQ(training.auxiliary.sizes(), (std::vector<int64_t>{2, 7}));
  const int64_t macs = nn::CountMacs(*network, shape.image);
  network->eval();
  EXPECT_FALSE(network->Forward(Images(2, 32)).auxiliary.defined());

  shape.auxiliary_head = false;
  const auto headless = space->BuildNetwork(Known(*space, "PDARTS"), shape, Weights()).value();
  EXPECT_FALSE(headless->Forward(Images(2, 32)).auxiliary.defined());
  EXPECT_EQ(nn::CountMacs(*headless, shape.image), macs) << "the head is not counted";
}

TEST(DartsNetwork, RefusesSidesThatDontFit) {
  const auto space = Space();
  const Architecture architecture = Known(*space, "PDARTS");
  const auto error_of = [&](const NetworkShape& shape) {
    const auto network = space->BuildNetwork(architecture, shape, Weights());
    EXPECT_EQ(network.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(network.status().message());
  };
  NetworkShape cifar = SmallNetwork();
  cifar.image = {3, 30, 32};
  EXPECT_THAT(error_of(cifar), HasSubstr("images of 30x32: the sides must be divisible by 4"));
  cifar.image = {3, 64, 64};
  EXPECT_TRUE(space->BuildNetwork(architecture, cifar, Weights()).ok());
  cifar.auxiliary_head = true;
  EXPECT_THAT(error_of(cifar), HasSubstr("auxiliary head of the cifar skeleton takes 32x32"));
  cifar.image = {3, 32, 32};
  cifar.cells = 1;
  EXPECT_THAT(error_of(cifar), HasSubstr("at least 2 cells"));

  NetworkShape imagenet = SmallNetwork();
  imagenet.skeleton = "imagenet";
  EXPECT_THAT(error_of(imagenet), HasSubstr("images of 32x32: the imagenet skeleton takes"));
  imagenet.image = {3, 256, 224};
  const auto larger = space->BuildNetwork(architecture, imagenet, Weights()).value();
  EXPECT_EQ(larger->Forward(at::zeros({1, 3, 256, 224})).logits.size(0), 1);
  imagenet.auxiliary_head = true;
  EXPECT_THAT(error_of(imagenet), HasSubstr("head of the imagenet skeleton takes 224x224"));
  imagenet.image = {3, 224, 224};
  imagenet.channels = 5;
  EXPECT_THAT(error_of(imagenet), HasSubstr("channels: 5 is odd"));
  imagenet.skeleton = "mnist";
  EXPECT_THAT(error_of(imagenet), HasSubstr("unknown skeleton \"mnist\""));
}

TEST(DartsNetwork, BuildsEdgesOfNoneAsZeros) {
  const auto space = Space();
  const auto architecture = space->Parse(
      "Genotype(normal=[[('none', 1), ('skip_connect', 0)], [('none', 2), ('none', 1)], [('none', "
      "3), ('none', 2)], [('none', 4), ('none', 3)]], normal_concat=range(2, 6), "
      "reduce=[[('none', 1), ('none', 0)], [('none', 2), ('dil_conv_3x3', 0)], [('avg_pool_3x3', "
      "1), ('skip_connect', 2)], [('skip_connect', 3), ('avg_pool_3x3', 1)]], "
      "reduce_concat=range(2, 6))");
  ASSERT_TRUE(architecture.ok()) << architecture.status();
  const auto network = space->BuildNetwork(*architecture, SmallNetwork(), Weights()).value();
  EXPECT_EQ(network->Forward(Images(2, 32)).logits.sizes(), (std::vector<int64_t>{2, 10}));
}

TEST(DartsNetwork, DropsPathsInTrainingOnly) {
  const auto space = Space();
  const auto network =
      space->BuildNetwork(Known(*space, "PDARTS"), SmallNetwork(), Weights()).value();
  const at::Tensor images = Images(4, 32);
  const at::Tensor plain = network->Forward(images).logits;
  const at::Tensor dropped = network->Forward(images, Pass(1, 0.3)).logits;
  EXPECT_FALSE(dropped.allclose(plain));
  EXPECT_TRUE(network->Forward(images, Pass(1, 0.3)).logits.equal(dropped));
  EXPECT_FALSE(network->Forward(images, Pass(2, 0.3)).logits.allclose(dropped));
  network->eval();
  EXPECT_TRUE(network->Forward(images, Pass(1, 0.3)).logits.equal(network->Forward(images).logits));
}

}  // namespace
}  // namespace pdarts::darts
