#include "pdarts/core/super_net.h"

#include <algorithm>
#include <utility>

#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/softmax.h"
#include "ATen/ops/zeros.h"
#include "ATen/ops/zeros_like.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "c10/core/GradMode.h"
#include "glog/logging.h"
#include "torch/csrc/api/include/torch/utils.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts {

int SoftmaxDimension(const at::Tensor& alphas) { return alphas.size(1) == 1 ? 0 : 1; }

SuperNet::SuperNet(Topology topology, Candidates candidates,
                   const std::vector<std::string>& alpha_names)
    : topology_(std::move(topology)), candidates_(std::move(candidates)) {
  const absl::Status fits = CheckCandidates(topology_, candidates_);
  CHECK(fits.ok()) << fits.ToString();
  CHECK_EQ(alpha_names.size(), topology_.kinds.size());
  for (size_t k = 0; k < candidates_.size(); ++k) {
    const auto edges = static_cast<int64_t>(candidates_[k].size());
    const auto operations = static_cast<int64_t>(candidates_[k][0].size());
    alphas_.push_back(register_parameter(alpha_names[k], at::zeros({edges, operations})));
  }
}

at::Tensor SuperNet::Forward(const at::Tensor& images) {
  CHECK_EQ(images.dim(), 4) << "images are [N,C,H,W]";
  return DoForward(images);
}

std::vector<at::Tensor> SuperNet::weights() const {
  std::vector<at::Tensor> weights;
  for (const at::Tensor& parameter : parameters()) {
    const bool is_alpha = std::any_of(alphas_.begin(), alphas_.end(),
                                      [&](const at::Tensor& a) { return a.is_same(parameter); });
    if (!is_alpha) weights.push_back(parameter);
  }
  return weights;
}

void SuperNet::InitializeAlphas(double deviation, at::Generator generator) {
  torch::NoGradGuard no_grad;
  for (at::Tensor& alpha : alphas_) alpha.normal_(0, deviation, generator);
}

GradientResult SuperNet::Gradients(const GradientRequest& request) {
  const bool of_weights = request.of != GradientOf::kAlphas;
  const bool of_alphas = request.of != GradientOf::kWeights;
  const std::vector<at::Tensor> all_weights = weights();
  // Autograd computes no gradient of what doesn't require one.
  for (const at::Tensor& weight : all_weights) weight.set_requires_grad(of_weights);
  for (const at::Tensor& alpha : alphas_) alpha.set_requires_grad(of_alphas);
  update_statistics_ = request.update_statistics;
  drop_edges_ = request.drop_edges;

  const at::Tensor logits = Forward(request.images);
  const at::Tensor loss = at::cross_entropy_loss(logits, request.labels);
  at::Tensor total = loss;
  if (request.penalty) {
    const at::Tensor penalty = request.penalty();
    if (penalty.defined()) total = total + penalty;
  }
  std::vector<at::Tensor> inputs;
  if (of_weights) inputs = all_weights;
  if (of_alphas) inputs.insert(inputs.end(), alphas_.begin(), alphas_.end());
  std::vector<at::Tensor> gradients(inputs.size());
  // It has no graph where nothing asked for moves it, such as the alphas of edges that all hold
  // none.
  if (total.requires_grad()) {
    gradients =
        torch::autograd::grad({total}, inputs, /*grad_outputs=*/{}, /*retain_graph=*/std::nullopt,
                              /*create_graph=*/false, /*allow_unused=*/true);
  }
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined()) gradients[i] = at::zeros_like(inputs[i]);
  }

  for (const at::Tensor& weight : all_weights) weight.set_requires_grad(true);
  for (const at::Tensor& alpha : alphas_) alpha.set_requires_grad(true);
  update_statistics_ = true;
  drop_edges_ = true;

  GradientResult result;
  result.loss = loss.detach();
  result.logits = logits.detach();
  const auto split =
      gradients.begin() + (of_weights ? static_cast<int64_t>(all_weights.size()) : 0);
  result.weights.assign(gradients.begin(), split);
  result.alphas.assign(split, gradients.end());
  return result;
}

at::Tensor SuperNet::ProbabilityTensor(int kind) const {
  const at::Tensor& alpha = alphas_.at(kind);
  return at::softmax(alpha, SoftmaxDimension(alpha));
}

EdgeProbabilities SuperNet::Probabilities() const {
  torch::NoGradGuard no_grad;
  EdgeProbabilities all;
  for (size_t k = 0; k < alphas_.size(); ++k) {
    const at::Tensor p = ProbabilityTensor(static_cast<int>(k)).to(at::kCPU, at::kDouble);
    const auto rows = p.accessor<double, 2>();
    auto& kind = all.emplace_back();
    for (int64_t e = 0; e < rows.size(0); ++e) {
      auto& edge = kind.emplace_back();
      for (int64_t o = 0; o < rows.size(1); ++o) edge.push_back(rows[e][o]);
    }
  }
  return all;
}

absl::Status SuperNet::SetKnob(absl::string_view name, double value) {
  for (Knob& knob : knobs_) {
    if (knob.name != name) continue;
    if (!(value >= knob.min && value <= knob.max)) {
      return absl::InvalidArgumentError(
          absl::StrCat(knob.name, ": ", value, " is not in [", knob.min, ", ", knob.max, "]"));
    }
    knob.value = value;
    return absl::OkStatus();
  }
  return absl::NotFoundError(
      absl::StrCat("the super-network has no knob \"", name, "\"; it has: ", KnobNames(knobs_)));
}

double SuperNet::knob(absl::string_view name) const {
  for (const Knob& knob : knobs_) {
    if (knob.name == name) return knob.value;
  }
  LOG(FATAL) << "no knob is called " << name;
}

std::string KnobNames(const std::vector<Knob>& knobs) {
  if (knobs.empty()) return "none";
  return absl::StrJoin(knobs, ", ",
                       [](std::string* out, const Knob& knob) { out->append(knob.name); });
}

int64_t CountParameters(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const at::Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

}  // namespace pdarts
