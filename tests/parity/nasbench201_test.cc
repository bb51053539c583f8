// Compares NAS-Bench-201 with the reference: super-network, derivation, derived networks, counts.

#include <algorithm>

#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/softmax.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros_like.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/nn/macs.h"
#include "pdarts/trainers/super_net_gradients.h"
#include "tests/parity/reference.h"
#include "torch/csrc/api/include/torch/utils.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::parity {
namespace {

std::unique_ptr<SearchSpace> Space() {
  return Registry<SearchSpace>::CreateDefault("nasbench201").value();
}

/// Gradients that are zero in exact arithmetic consist of rounding errors. So the scale of a
/// gradient is at least a thousandth of the largest gradient of the network (reference/README.md).
void ExpectGradientsNear(const NamedTensors& actual, const NamedTensors& reference) {
  double largest = 0;
  for (const auto& [name, tensor] : reference) {
    largest = std::max(largest, tensor.abs().max().item<double>());
  }
  EXPECT_EQ(actual.size(), reference.size());
  for (const auto& [name, tensor] : reference) {
    ASSERT_TRUE(actual.count(name)) << name;
    const double scale = std::max(tensor.abs().max().item<double>(), 1e-3 * largest);
    EXPECT_LE((actual.at(name) - tensor).abs().max().item<double>(), kTolerance * scale)
        << "gradient of " << name;
  }
}

class SuperNetParity : public ::testing::TestWithParam<Kernels> {};

TEST_P(SuperNetParity, ForwardBackwardAndDerivation) {
  const Dict file = Dict::Load("nb201_supernet.pt");
  const Dict config = file.GetDict("config");
  const auto space = Space();
  SuperNetShape shape;
  shape.cells = static_cast<int>(config.GetInt("cells_per_block"));
  shape.channels = static_cast<int>(config.GetInt("channels"));
  shape.classes = static_cast<int>(config.GetInt("classes"));
  shape.backend.kernels = GetParam();
  const auto super_net =
      space->BuildSuperNet(AllCandidates(space->topology()), shape, MakeGenerator(1, "weights"))
          .value();
  LoadState(file.GetNamedTensors("state_dict"), super_net.get());

  GradientRequest request;
  request.images = file.GetTensor("input");
  request.labels = file.GetTensor("target");
  const GradientResult result = ComputeGradients(*super_net, request);
  ExpectNear(result.logits, file.GetTensor("logits_train"), "logits_train");
  ExpectNear(result.loss, file.GetTensor("loss"), "loss");
  NamedTensors gradients;
  const std::vector<at::Tensor> weights = super_net->weights();
  for (const auto& entry : super_net->named_parameters()) {
    for (size_t i = 0; i < weights.size(); ++i) {
      if (weights[i].is_same(entry.value())) gradients[entry.key()] = result.weights[i];
    }
    if (super_net->alphas()[0].is_same(entry.value())) gradients[entry.key()] = result.alphas[0];
  }
  ExpectGradientsNear(gradients, file.GetNamedTensors("grads"));
  ExpectNear(State(*super_net), file.GetNamedTensors("running_after"), "after the pass");

  const auto derivation = space->Derive(super_net->candidates(), super_net->Probabilities(), {});
  ASSERT_TRUE(derivation.ok()) << derivation.status();
  EXPECT_EQ(space->Format(derivation->architecture).value(), file.GetString("genotype"));

  torch::NoGradGuard no_grad;
  super_net->eval();
  ExpectNear(super_net->Forward(request.images), file.GetTensor("logits_eval"), "logits_eval");
}

INSTANTIATE_TEST_SUITE_P(Kernels, SuperNetParity, ::testing::Values(REFERENCE, FUSED, GROUPED),
                         [](const auto& info) { return std::string(KernelsName(info.param)); });

TEST(NasBench201Parity, DerivationWithTies) {
  const auto space = Space();
  const auto cases = ReadJsonLines("nb201_genotypes.jsonl");
  EXPECT_EQ(cases.size(), 70u);
  for (const auto& one : cases) {
    EdgeProbabilities probabilities(1);
    for (const std::vector<double>& row : Matrix(Field(one, "arch_parameters"))) {
      const at::Tensor p = at::softmax(at::tensor(row, at::kDouble), 0).contiguous();
      probabilities[0].emplace_back(p.data_ptr<double>(), p.data_ptr<double>() + p.numel());
    }
    const auto derivation = space->Derive(AllCandidates(space->topology()), probabilities, {});
    ASSERT_TRUE(derivation.ok()) << derivation.status();
    EXPECT_EQ(space->Format(derivation->architecture).value(), Field(one, "arch").string_value())
        << one.DebugString();
  }
}

class DerivedNetworkParity : public ::testing::TestWithParam<Kernels> {};

TEST_P(DerivedNetworkParity, ForwardAndBackward) {
  const auto space = Space();
  const Dict file = Dict::Load("nb201_derived.pt");
  const Dict config = file.GetDict("config");
  NetworkShape shape;
  shape.cells = static_cast<int>(config.GetInt("cells_per_block"));
  shape.channels = static_cast<int>(config.GetInt("channels"));
  shape.classes = static_cast<int>(config.GetInt("classes"));
  shape.backend.kernels = GetParam();
  const std::vector<Dict> nets = file.GetDicts("nets");
  EXPECT_EQ(nets.size(), 3u);
  for (const Dict& one : nets) {
    SCOPED_TRACE(one.GetString("arch"));
    const auto network = space
                             ->BuildNetwork(space->Parse(one.GetString("arch")).value(), shape,
                                            MakeGenerator(1, "weights"))
                             .value();
    LoadState(one.GetNamedTensors("state_dict"), network.get());
    const at::Tensor logits = network->Forward(one.GetTensor("input")).logits;
    ExpectNear(logits, one.GetTensor("logits_train"), "logits_train");
    const at::Tensor loss = at::cross_entropy_loss(logits, one.GetTensor("target"));
    ExpectNear(loss, one.GetTensor("loss"), "loss");
    NamedTensors gradients;
    for (const auto& entry : network->named_parameters()) {
      // If only `none` uses the output of a layer, the layer has no gradient here, and a gradient
      // of zeros in the reference.
      const at::Tensor gradient =
          torch::autograd::grad({loss}, {entry.value()}, {}, /*retain_graph=*/true,
                                /*create_graph=*/false, /*allow_unused=*/true)[0];
      gradients[entry.key()] = gradient.defined() ? gradient : at::zeros_like(entry.value());
    }
    ExpectGradientsNear(gradients, one.GetNamedTensors("grads"));
    ExpectNear(State(*network), one.GetNamedTensors("running_after"), "after the pass");
    torch::NoGradGuard no_grad;
    network->eval();
    ExpectNear(network->Forward(one.GetTensor("input")).logits, one.GetTensor("logits_eval"),
               "logits_eval");
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, DerivedNetworkParity,
                         ::testing::Values(REFERENCE, FUSED, GROUPED),
                         [](const auto& info) { return std::string(KernelsName(info.param)); });

TEST(NasBench201Parity, Counts) {
  const auto space = Space();
  const std::vector<Dict> counts = Dict::Load("nb201_derived.pt").GetDicts("counts");
  EXPECT_EQ(counts.size(), 12u);
  for (const Dict& one : counts) {
    NetworkShape shape;
    shape.cells = static_cast<int>(one.GetInt("cells_per_block"));
    shape.channels = static_cast<int>(one.GetInt("channels"));
    shape.classes = static_cast<int>(one.GetInt("classes"));
    shape.image.height = shape.image.width = static_cast<int>(one.GetInt("image"));
    SCOPED_TRACE(absl::StrCat(one.GetString("arch"), " ", shape.classes));
    const auto network = space
                             ->BuildNetwork(space->Parse(one.GetString("arch")).value(), shape,
                                            MakeGenerator(1, "weights"))
                             .value();
    EXPECT_EQ(CountParameters(*network), one.GetInt("params"));
    // The benchmark also counts the bias of the classifier, the only bias, as one operation for
    // each class.
    EXPECT_EQ(nn::CountMacs(*network, shape.image) + shape.classes, one.GetInt("flops"));
  }
}

}  // namespace
}  // namespace pdarts::parity
