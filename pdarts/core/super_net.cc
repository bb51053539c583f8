#include "pdarts/core/super_net.h"

#include <algorithm>
#include <utility>

#include "ATen/ops/softmax.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "torch/csrc/api/include/torch/utils.h"

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

at::Tensor SuperNet::Forward(const at::Tensor& images, const ForwardContext& context) {
  CHECK_EQ(images.dim(), 4) << "images are [N,C,H,W]";
  ForwardContext own = context;
  own.knobs = &knobs_;
  return DoForward(images, own);
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

void SuperNet::InitializeAlphas(double standard_deviation, at::Generator generator) {
  torch::NoGradGuard no_grad;
  for (at::Tensor& alpha : alphas_) alpha.normal_(0, standard_deviation, generator);
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

int64_t CountParameters(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const at::Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

}  // namespace pdarts
