#include "pdarts/nn/kernels/synchronized_norm.h"

#include <cstdint>
#include <tuple>

#include "ATen/TensorOperators.h"
#include "ATen/ops/addcmul.h"
#include "ATen/ops/batch_norm.h"
#include "ATen/ops/full.h"
#include "ATen/ops/var_mean.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "glog/logging.h"
#include "pdarts/core/communication_error.h"
#include "torch/csrc/autograd/custom_function.h"

namespace pdarts::nn::composition {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr char kCommunicator[] = "communicator";
/// Tensors that are kept for each value.
enum Kept : size_t { kStored, kMean, kInverseStandardDeviation, kCount, kNumKept };

at::Tensor OfChannels(const at::Tensor& x) { return x.view({1, -1, 1, 1}); }

at::Tensor SumOfChannels(const at::Tensor& x) { return x.sum({0, 2, 3}).to(at::kDouble); }

class Function : public torch::autograd::Function<Function> {
 public:
  static variable_list forward(AutogradContext* context, const at::TensorList& values,
                               const at::TensorList& stored,
                               const std::vector<BatchNormArgs>& batch_norms) {
    Communicator* const communicator = batch_norms.at(0).communicator;
    // For each value: the number of values in a channel, their sums, and the sums of their squares.
    std::vector<at::Tensor> sums;
    for (const at::Tensor& x : values) {
      const auto moments = at::var_mean(x, at::OptionalIntArrayRef({0, 2, 3}), /*unbiased=*/false);
      const at::Tensor mean = std::get<1>(moments).to(at::kDouble);
      const at::Tensor variance = std::get<0>(moments).to(at::kDouble);
      const auto count = static_cast<double>(x.numel() / x.size(1));
      sums.push_back(at::full({1}, count, mean.options()));
      sums.push_back(mean * count);
      sums.push_back((variance + mean.square()) * count);
    }
    AllReduceOrThrow(*communicator, sums);
    variable_list kept, normalized;
    for (size_t i = 0; i < values.size(); ++i) {
      const BatchNormArgs& bn = batch_norms[i];
      CHECK(bn.communicator == communicator);
      const at::ScalarType type = values[i].scalar_type();
      const at::Tensor count = sums[3 * i], mean = sums[3 * i + 1] / count;
      const at::Tensor variance = (sums[3 * i + 2] / count - mean.square()).clamp_min(0);
      if (bn.update_statistics && bn.running_mean.defined()) {
        bn.running_mean.mul_(1 - bn.momentum).add_(mean.to(type), bn.momentum);
        bn.running_var.mul_(1 - bn.momentum)
            .add_((variance * (count / (count - 1))).to(type), bn.momentum);
      }
      const at::Tensor kept_mean = mean.to(type), inverse = (variance + bn.eps).rsqrt().to(type);
      normalized.push_back(at::batch_norm(stored[i], /*weight=*/{}, /*bias=*/{}, kept_mean,
                                          variance.to(type), /*training=*/false, bn.momentum,
                                          bn.eps, /*cudnn_enabled=*/true));
      kept.insert(kept.end(), {stored[i], kept_mean, inverse, count});
    }
    context->save_for_backward(kept);
    // The data of a graph are tensors and numbers, so the pointer is kept as a number.
    context->saved_data[kCommunicator] = reinterpret_cast<int64_t>(communicator);
    return normalized;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    TORCH_CHECK(!c10::GradMode::is_enabled(),
                "a batch normalization over several processes has no second derivative: a gradient "
                "with create_graph=true was requested");
    auto* const communicator =
        reinterpret_cast<Communicator*>(context->saved_data[kCommunicator].toInt());
    const variable_list saved = context->get_saved_variables();
    const auto kept = [&](size_t i, Kept what) { return saved[i * kNumKept + what]; };
    std::vector<at::Tensor> sums;
    for (size_t i = 0; i < gradients.size(); ++i) {
      sums.push_back(SumOfChannels(gradients[i]));
      const at::Tensor deviation = kept(i, kStored) - OfChannels(kept(i, kMean));
      sums.push_back(SumOfChannels(deviation.mul_(gradients[i])));
    }
    AllReduceOrThrow(*communicator, sums);
    // One result for each value, for each stored value, and for the batch normalizations.
    variable_list results(2 * gradients.size() + 1);
    for (size_t i = 0; i < gradients.size(); ++i) {
      // factor * gradient + slope * value + offset, in two passes over the memory.
      const at::Tensor factor = kept(i, kInverseStandardDeviation), count = kept(i, kCount);
      const at::ScalarType type = gradients[i].scalar_type();
      const at::Tensor slope = factor.pow(3).neg().mul((sums[2 * i + 1] / count).to(type));
      const at::Tensor offset =
          (factor * (sums[2 * i] / count).to(type) + slope * kept(i, kMean)).neg();
      results[i] = at::addcmul(OfChannels(offset), gradients[i], OfChannels(factor))
                       .addcmul_(kept(i, kStored), OfChannels(slope));
    }
    return results;
  }
};

}  // namespace

std::vector<at::Tensor> SynchronizedNormalize(const std::vector<at::Tensor>& values,
                                              const std::vector<at::Tensor>& stored,
                                              const std::vector<BatchNormArgs>& batch_norms) {
  CHECK(!values.empty());
  CHECK(values.size() == stored.size() && values.size() == batch_norms.size());
  return Function::apply(at::TensorList(values), at::TensorList(stored), batch_norms);
}

}  // namespace pdarts::nn::composition
