// Compares the super-network of the DARTS space at three stages with the reference: one forward and
// backward pass in training mode, one forward pass in evaluation mode, and one complete search
// step.

#include <tuple>

#include "ATen/ops/scalar_tensor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/spaces/darts/darts_space.pb.h"
#include "pdarts/trainers/optimizers.h"
#include "pdarts/trainers/super_net_gradients.h"
#include "tests/parity/reference.h"
#include "torch/csrc/api/include/torch/utils.h"

namespace pdarts::parity {
namespace {

at::Tensor Scalar(double value) { return at::scalar_tensor(value, at::kDouble); }

class SuperNetParity : public ::testing::TestWithParam<std::tuple<int, Kernels>> {
 protected:
  SuperNetParity()
      : file_(Dict::Load(absl::StrCat("pdarts_supernet_stage", std::get<0>(GetParam()), ".pt"))) {
    google::protobuf::Any config;
    config.PackFrom(darts::DartsSpaceConfig());
    const auto space = Registry<SearchSpace>::Create(config).value();
    const Dict shape = file_.GetDict("config");
    SuperNetShape own;
    own.cells = static_cast<int>(shape.GetInt("layers"));
    own.channels = static_cast<int>(shape.GetInt("channels"));
    own.classes = static_cast<int>(shape.GetInt("classes"));
    own.backend.kernels = std::get<1>(GetParam());
    const Candidates candidates = {FromSwitches(file_.GetTensor("switches_normal")),
                                   FromSwitches(file_.GetTensor("switches_reduce"))};
    super_net_ = space->BuildSuperNet(candidates, own, MakeGenerator(1, "weights")).value();
    LoadState(file_.GetNamedTensors("state_dict"), super_net_.get());
  }

  /// The batch with the keys `input` and `target`, or the other batch, which is for the alphas.
  GradientRequest Request(GradientOf of, const std::string& suffix = "") const {
    GradientRequest request;
    request.images = file_.GetTensor("input" + suffix);
    request.labels = file_.GetTensor("target" + suffix);
    request.of = of;
    return request;
  }

  /// The gradients by the names of the parameters.
  NamedTensors Named(const GradientResult& result) const {
    NamedTensors named;
    const std::vector<at::Tensor> weights = super_net_->weights();
    for (const auto& entry : super_net_->named_parameters()) {
      for (size_t i = 0; i < result.weights.size(); ++i) {
        if (weights[i].is_same(entry.value())) named[entry.key()] = result.weights[i];
      }
      for (size_t k = 0; k < result.alphas.size(); ++k) {
        if (super_net_->alphas()[k].is_same(entry.value())) named[entry.key()] = result.alphas[k];
      }
    }
    return named;
  }

  const Dict file_;
  std::shared_ptr<SuperNet> super_net_;
};

TEST_P(SuperNetParity, ForwardAndBackward) {
  const GradientResult result = ComputeGradients(*super_net_, Request(GradientOf::kBoth));
  ExpectNear(result.logits, file_.GetTensor("logits_train"), "logits_train");
  ExpectNear(result.loss, file_.GetTensor("loss"), "loss");
  const NamedTensors gradients = file_.GetNamedTensors("grads");
  EXPECT_EQ(Named(result).size(), gradients.size());
  ExpectNear(Named(result), gradients, "gradient of");
  ExpectNear(State(*super_net_), file_.GetNamedTensors("running_after"), "after the pass");

  torch::NoGradGuard no_grad;
  super_net_->eval();
  ExpectNear(super_net_->Forward(file_.GetTensor("input")), file_.GetTensor("logits_eval"),
             "logits_eval");
}

TEST_P(SuperNetParity, GradientsOfOneHalfAreThoseOfBoth) {
  const GradientResult weights = ComputeGradients(*super_net_, Request(GradientOf::kWeights));
  EXPECT_TRUE(weights.alphas.empty());
  const GradientResult alphas = ComputeGradients(*super_net_, Request(GradientOf::kAlphas));
  EXPECT_TRUE(alphas.weights.empty());
  NamedTensors halves = Named(weights);
  for (const auto& [name, gradient] : Named(alphas)) halves[name] = gradient;
  ExpectNear(halves, file_.GetNamedTensors("grads"), "gradient of");
}

TEST_P(SuperNetParity, SearchStep) {
  const Dict step = file_.GetDict("step");
  AdamSettings adam;
  adam.set_learning_rate(step.GetDouble("alpha_lr"));
  adam.set_beta1(step.GetDouble("alpha_beta1"));
  adam.set_beta2(step.GetDouble("alpha_beta2"));
  adam.set_epsilon(step.GetDouble("alpha_eps"));
  adam.set_weight_decay(step.GetDouble("alpha_weight_decay"));
  SgdSettings sgd;
  sgd.set_momentum(step.GetDouble("momentum"));
  sgd.set_weight_decay(step.GetDouble("weight_decay"));
  const double clip = step.GetDouble("grad_clip");

  const GradientResult of_alphas =
      ComputeGradients(*super_net_, Request(GradientOf::kAlphas, "_search"));
  ExpectNear(of_alphas.loss, Scalar(step.GetDouble("loss_alpha")), "loss_alpha");
  ExpectNear(Named(of_alphas),
             {{"alphas_normal", step.GetTensor("grad_alphas_normal")},
              {"alphas_reduce", step.GetTensor("grad_alphas_reduce")}},
             "gradient in the step of");
  ExpectNear(ClipNorm(of_alphas.alphas, clip), Scalar(step.GetDouble("grad_norm_alpha")),
             "grad_norm_alpha");
  Adam(super_net_->alphas(), adam).Step(of_alphas.alphas);

  const GradientResult of_weights = ComputeGradients(*super_net_, Request(GradientOf::kWeights));
  ExpectNear(of_weights.loss, Scalar(step.GetDouble("loss_weight")), "loss_weight");
  ExpectNear(ClipNorm(of_weights.weights, clip), Scalar(step.GetDouble("grad_norm_weight")),
             "grad_norm_weight");
  Sgd(super_net_->weights(), sgd).Step(of_weights.weights, step.GetDouble("weight_lr"));

  const Dict after = file_.GetDict("after_step");
  ExpectNear(State(*super_net_),
             {{"alphas_normal", after.GetTensor("alphas_normal")},
              {"alphas_reduce", after.GetTensor("alphas_reduce")}},
             "after the step");
  ExpectNear(State(*super_net_), after.GetNamedTensors("weights"), "after the step");
  ExpectNear(State(*super_net_), after.GetNamedTensors("running"), "after the step");
}

INSTANTIATE_TEST_SUITE_P(Stages, SuperNetParity,
                         ::testing::Combine(::testing::Values(1, 2, 3),
                                            ::testing::Values(REFERENCE, FUSED, GROUPED)),
                         [](const auto& info) {
                           return absl::StrCat("Stage", std::get<0>(info.param), "_",
                                               KernelsName(std::get<1>(info.param)));
                         });

}  // namespace
}  // namespace pdarts::parity
