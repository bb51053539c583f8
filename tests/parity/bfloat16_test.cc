// Compares the super-network of the DARTS space with activations stored as bfloat16 to float64, and
// to Python's bfloat16 autocast for the same network and images. bfloat16_autocast.py computes the
// numbers of autocast.

#include <cmath>
#include <string>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/cosine_similarity.h"
#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/tensor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/spaces/darts/darts_space.pb.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::parity {
namespace {

constexpr int kCells = 3, kChannels = 8, kClasses = 10, kSide = 16;
constexpr int64_t kImages = 8;

struct Autocast {
  int seed;
  double loss;           ///< in float64
  double autocast_loss;  ///< of Python's autocast, and so are the cosines
  double cosine_of_weights;
  double cosine_of_alphas;
};

const Autocast kAutocast[] = {
    // PyTorch 2.11.0+cu130 on a CPU
    {1, 2.477486489251663, 2.480911, 0.988531, 0.988340},
    {2, 2.416837889557485, 2.413646, 0.988747, 0.987795},
    {3, 2.348802011543911, 2.348123, 0.989724, 0.990864},
};

/// Numbers in [-1, 1) that float32 represents exactly, from a linear congruential generator that
/// begins with a hash of the name.
at::Tensor Values(const std::string& name, int seed, at::IntArrayRef sizes) {
  uint32_t state = 2166136261u;
  for (const char byte : absl::StrCat(seed, " ", name)) {
    state = (state ^ static_cast<uint8_t>(byte)) * 16777619u;
  }
  int64_t count = 1;
  for (const int64_t size : sizes) count *= size;
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    values.push_back((state >> 8) / 8388608.0 - 1);
  }
  return at::tensor(values, at::kDouble).view(sizes);
}

at::Tensor Parameter(const std::string& name, int seed, const at::Tensor& like) {
  const at::Tensor values = Values(name, seed, like.sizes());
  if (name == "stem.1.weight") return 1 + values / 8;
  if (absl::StartsWith(name, "alphas")) return values / 2;
  return values / std::sqrt(static_cast<double>(like.numel() / like.size(0)));
}

struct Pass {
  double loss = 0;
  at::Tensor weights;  ///< the gradients of all weights, one after the other
  at::Tensor alphas;
};

Pass Compute(const Autocast& expected, Kernels kernels, Precision precision) {
  google::protobuf::Any config;
  config.PackFrom(darts::DartsSpaceConfig());
  const auto space = Registry<SearchSpace>::Create(config).value();
  SuperNetShape shape;
  shape.cells = kCells;
  shape.channels = kChannels;
  shape.classes = kClasses;
  shape.image = {3, kSide, kSide};
  shape.backend = ResolveBackend(kernels, precision, c10::kCPU).value();
  const auto super_net =
      space->BuildSuperNet(space->InitialCandidates().value(), shape, MakeGenerator(1, "weights"))
          .value();
  {
    c10::NoGradGuard no_grad;
    for (const auto& parameter : super_net->named_parameters()) {
      parameter.value().copy_(Parameter(parameter.key(), expected.seed, parameter.value()));
    }
  }
  super_net->to(shape.backend.parameters);
  const at::Tensor images = Values("images", expected.seed, {kImages, 3, kSide, kSide});
  const at::Tensor logits = super_net->Forward(images.to(shape.backend.parameters));
  EXPECT_EQ(logits.scalar_type(), shape.backend.parameters);
  const at::Tensor loss = at::cross_entropy_loss(logits, at::arange(kImages) % kClasses);
  const auto gradients = [&](const std::vector<at::Tensor>& of) {
    std::vector<at::Tensor> flat;
    for (const at::Tensor& gradient :
         torch::autograd::grad({loss}, of, /*grad_outputs=*/{}, /*retain_graph=*/true)) {
      EXPECT_EQ(gradient.scalar_type(), shape.backend.parameters);
      flat.push_back(gradient.to(at::kDouble).flatten());
    }
    return at::cat(flat);
  };
  Pass pass;
  pass.loss = loss.item<double>();
  pass.weights = gradients(super_net->weights());
  pass.alphas = gradients(super_net->alphas());
  return pass;
}

double Cosine(const at::Tensor& a, const at::Tensor& b) {
  return at::cosine_similarity(a, b, 0).item<double>();
}

class Bfloat16Parity : public ::testing::TestWithParam<Kernels> {};

TEST_P(Bfloat16Parity, IsAsCloseToFloat64AsAutocast) {
  for (const Autocast& autocast : kAutocast) {
    SCOPED_TRACE(absl::StrCat("seed ", autocast.seed));
    const Pass exact = Compute(autocast, REFERENCE, FLOAT64);
    ASSERT_NEAR(exact.loss, autocast.loss, 1e-9) << "another network than Python's";
    const Pass rounded = Compute(autocast, GetParam(), BFLOAT16);
    EXPECT_NEAR(rounded.loss, exact.loss, 0.01 * exact.loss);
    const double of_weights = Cosine(rounded.weights, exact.weights);
    const double of_alphas = Cosine(rounded.alphas, exact.alphas);
    EXPECT_GE(of_weights, autocast.cosine_of_weights - 0.01);
    EXPECT_GE(of_alphas, autocast.cosine_of_alphas - 0.01);
    // In float32 the cosines are closer to 1. So the activations really were rounded.
    EXPECT_LT(of_weights, 1 - 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Bfloat16Parity, ::testing::Values(REFERENCE, FUSED),
                         [](const auto& info) { return Kernels_Name(info.param); });

}  // namespace
}  // namespace pdarts::parity
