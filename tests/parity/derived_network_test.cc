// Compares derived networks of the DARTS space, with auxiliary head, with the reference.

#include <tuple>

#include "ATen/ops/cross_entropy_loss.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/spaces/darts/darts_space.pb.h"
#include "tests/parity/reference.h"
#include "torch/csrc/api/include/torch/utils.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::parity {
namespace {

constexpr double kAuxiliaryWeight = 0.4;
constexpr double kImageNetSmoothing = 0.1;

struct Case {
  const char* name;
  const char* file;
  const char* skeleton;
};

class DerivedNetworkParity : public ::testing::TestWithParam<std::tuple<Case, Kernels>> {};

TEST_P(DerivedNetworkParity, ForwardAndBackward) {
  const auto& [from, kernels] = GetParam();
  const Dict file = Dict::Load(from.file);
  const Dict config = file.GetDict("config");
  google::protobuf::Any any;
  any.PackFrom(darts::DartsSpaceConfig());
  const auto space = Registry<SearchSpace>::Create(any).value();

  Architecture architecture;
  architecture.set_space(space->name());
  *architecture.add_cells() = file.GetDict("genotype").GetCell("normal");
  *architecture.add_cells() = file.GetDict("genotype").GetCell("reduce");
  bool is_known = false;
  for (const auto& [name, text] : space->known_architectures()) {
    if (name != config.GetString("genotype_name")) continue;
    is_known = true;
    EXPECT_EQ(space->Format(architecture).value(), text);
  }
  EXPECT_TRUE(is_known);

  const at::Tensor input = file.GetTensor("input");
  const at::Tensor target = file.GetTensor("target");
  NetworkShape shape;
  shape.skeleton = from.skeleton;
  shape.backend.kernels = kernels;
  shape.cells = static_cast<int>(config.GetInt("layers"));
  shape.channels = static_cast<int>(config.GetInt("channels"));
  shape.classes = static_cast<int>(config.GetInt("classes"));
  shape.image = {3, static_cast<int>(input.size(2)), static_cast<int>(input.size(3))};
  shape.auxiliary_head = true;
  const auto network =
      space->BuildNetwork(architecture, shape, MakeGenerator(1, "weights")).value();
  LoadState(file.GetNamedTensors("state_dict"), network.get());

  const NetworkOutput output = network->Forward(input);
  ExpectNear(output.logits, file.GetTensor("logits_train"), "logits_train");
  ExpectNear(output.auxiliary, file.GetTensor("logits_aux"), "logits_aux");
  const double smoothing = shape.skeleton == "imagenet" ? kImageNetSmoothing : 0;
  const auto loss_of = [&](const at::Tensor& logits) {
    return at::cross_entropy_loss(logits, target, /*weight=*/{}, at::Reduction::Mean,
                                  /*ignore_index=*/-100, smoothing);
  };
  const at::Tensor loss_main = loss_of(output.logits);
  const at::Tensor loss_aux = loss_of(output.auxiliary);
  const at::Tensor loss = loss_main + kAuxiliaryWeight * loss_aux;
  ExpectNear(loss_main, file.GetTensor("loss_main"), "loss_main");
  ExpectNear(loss_aux, file.GetTensor("loss_aux"), "loss_aux");
  ExpectNear(loss, file.GetTensor("loss"), "loss");

  const NamedTensors expected = file.GetNamedTensors("grads");
  const NamedTensors state = State(*network);
  for (const auto& [name, gradient] : expected) {
    ASSERT_TRUE(state.count(name)) << name;
    ExpectNear(torch::autograd::grad({loss}, {state.at(name)}, {}, /*retain_graph=*/true)[0],
               gradient, "gradient of " + name);
  }
  EXPECT_FALSE(expected.empty());
  ExpectNear(state, file.GetNamedTensors("running_after"), "after the pass");

  torch::NoGradGuard no_grad;
  network->eval();
  const NetworkOutput evaluated = network->Forward(input);
  ExpectNear(evaluated.logits, file.GetTensor("logits_eval"), "logits_eval");
  EXPECT_FALSE(evaluated.auxiliary.defined());
}

INSTANTIATE_TEST_SUITE_P(
    Files, DerivedNetworkParity,
    ::testing::Combine(::testing::Values(Case{"Cifar", "derived_cifar.pt", "cifar"},
                                         Case{"Cifar2", "derived_cifar_2.pt", "cifar"},
                                         Case{"ImageNet", "derived_imagenet.pt", "imagenet"}),
                       ::testing::Values(FUSED, REFERENCE, GROUPED)),
    [](const auto& info) {
      return std::string(std::get<0>(info.param).name) + KernelsName(std::get<1>(info.param));
    });

}  // namespace
}  // namespace pdarts::parity
