#include "pdarts/trainers/super_net_gradients.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "ATen/ops/cross_entropy_loss.h"
#include "pdarts/core/super_net.h"
#include "pdarts/trainers/optimizers.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts {

GradientResult ComputeGradients(SuperNet& super_net, const GradientRequest& request) {
  const bool of_weights = request.of != GradientOf::kAlphas;
  const bool of_alphas = request.of != GradientOf::kWeights;
  const std::vector<at::Tensor> weights = super_net.weights();
  const std::vector<at::Tensor>& alphas = super_net.alphas();
  // Autograd computes no gradient of a tensor that does not require one.
  for (const at::Tensor& weight : weights) weight.set_requires_grad(of_weights);
  for (const at::Tensor& alpha : alphas) alpha.set_requires_grad(of_alphas);

  const at::Tensor logits = super_net.Forward(request.images, request.context);
  const at::Tensor loss = at::cross_entropy_loss(logits, request.labels);
  const DataParallel& parallel = request.parallel;
  const double share =
      parallel.is_alone() ? 1 : parallel.Share(request.part, request.part.all_images);
  const at::Tensor own_loss = share == 1 ? loss : loss * share;
  at::Tensor total = own_loss;
  if (request.penalty) {
    const at::Tensor penalty = request.penalty();  // may draw random numbers: on every process
    if (penalty.defined() && parallel.counts_once()) total = total + penalty;
  }
  if (request.loss_scale != nullptr) total = request.loss_scale->Scale(total);
  std::vector<at::Tensor> inputs;
  if (of_weights) inputs = weights;
  if (of_alphas) inputs.insert(inputs.end(), alphas.begin(), alphas.end());
  std::vector<at::Tensor> gradients(inputs.size());
  // The loss has no graph if it does not depend on the requested tensors, for example on the alphas
  // if all edges hold none.
  if (total.requires_grad()) {
    gradients =
        torch::autograd::grad({total}, inputs, /*grad_outputs=*/{}, /*retain_graph=*/std::nullopt,
                              /*create_graph=*/false, /*allow_unused=*/true);
  }
  FillUndefined(inputs, &gradients);

  for (const at::Tensor& weight : weights) weight.set_requires_grad(true);
  for (const at::Tensor& alpha : alphas) alpha.set_requires_grad(true);

  GradientResult result;
  result.loss = own_loss.detach();
  result.logits = logits.detach();
  if (!parallel.is_alone()) {
    result.hits = parallel.Hits(request.part, result.logits, request.labels);
    result.images = request.part.all_images;
    PutIntoOneOrder(&gradients);
    std::vector<at::Tensor> sums = gradients;
    sums.push_back(result.loss);
    sums.push_back(result.hits);
    parallel.SumWithBuffers(std::move(sums), request.context.update_statistics
                                                 ? super_net.buffers()
                                                 : std::vector<at::Tensor>());
  }
  const auto split = gradients.begin() + (of_weights ? static_cast<int64_t>(weights.size()) : 0);
  result.weights.assign(gradients.begin(), split);
  result.alphas.assign(split, gradients.end());
  return result;
}

}  // namespace pdarts
