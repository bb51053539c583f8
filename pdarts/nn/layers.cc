#include "pdarts/nn/layers.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ATen/ops/avg_pool2d.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/linear.h"
#include "ATen/ops/mean.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/zeros.h"
#include "glog/logging.h"
#include "pdarts/nn/kernels/activation_storage.h"
#include "pdarts/nn/kernels/composition.h"
#include "pdarts/nn/kernels/dropout.h"
#include "pdarts/nn/kernels/node_sum.h"

namespace pdarts::nn {
namespace {

thread_local MacTally* living_tally = nullptr;
thread_local std::string living_part;

at::Tensor Uniform(at::IntArrayRef sizes, int64_t fan_in, at::Generator generator) {
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  return at::empty(sizes).uniform_(-bound, bound, std::move(generator));
}

}  // namespace

MacTally::MacTally() {
  CHECK(living_tally == nullptr) << "tallies do not nest";
  living_tally = this;
}

MacTally::~MacTally() { living_tally = nullptr; }

void MacTally::Add(int64_t macs) {
  if (living_tally == nullptr) return;
  living_tally->macs_ += macs;
  auto& parts = living_tally->parts_;
  auto part = std::find_if(parts.begin(), parts.end(),
                           [](const auto& known) { return known.first == living_part; });
  if (part == parts.end()) part = parts.insert(parts.end(), {living_part, 0});
  part->second += macs;
}

MacPart::MacPart(std::string name) {
  CHECK(living_part.empty()) << "parts do not nest";
  living_part = std::move(name);
}

MacPart::~MacPart() { living_part.clear(); }

Convolution::Convolution(const ConvolutionOptions& options, at::Generator generator)
    : options_(options) {
  CHECK_EQ(options.in_channels % options.groups, 0);
  const int64_t k = options.kernel;
  const int64_t group = options.in_channels / options.groups;
  const int64_t fan_in = group * k * k;
  weight_ =
      register_parameter("weight", Uniform({options.out_channels, group, k, k}, fan_in, generator));
  if (options.bias) {
    bias_ = register_parameter("bias", Uniform({options.out_channels}, fan_in, generator));
  }
}

at::Tensor Convolution::Forward(const at::Tensor& x) const {
  const ActivationStorage storage(x);
  // On the CPU, the product of a depthwise convolution is computed in float32.
  const at::Tensor weight =
      options_.groups == 1 ? storage.Rounded(weight_) : storage.Operand(weight_);
  at::Tensor out =
      storage.Narrow(at::conv2d(storage.Widen(x), weight, storage.Operand(bias_), options_.stride,
                                options_.padding, options_.dilation, options_.groups));
  MacTally::Add(out.numel() * weight_.size(1) * weight_.size(2) * weight_.size(3));
  return out;
}

GraphValue Convolution::Describe(GraphBuilder* builder, absl::string_view path,
                                 GraphValue x) const {
  graph::Convolution convolution;
  convolution.weight = weight_;
  convolution.bias = bias_;
  convolution.stride = options_.stride;
  convolution.padding = options_.padding;
  convolution.dilation = options_.dilation;
  convolution.groups = options_.groups;
  return builder->Add(path, std::move(convolution), {x});
}

Linear::Linear(int64_t in_features, int64_t out_features, at::Generator generator) {
  weight_ =
      register_parameter("weight", Uniform({out_features, in_features}, in_features, generator));
  bias_ = register_parameter("bias", Uniform({out_features}, in_features, generator));
}

at::Tensor Linear::Forward(const at::Tensor& x) const {
  at::Tensor out = at::linear(x, weight_, bias_);
  MacTally::Add(out.numel() * weight_.size(1));
  return out;
}

GraphValue Linear::Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const {
  return builder->Add(path, graph::Linear{weight_, bias_}, {x});
}

BatchNorm::BatchNorm(int64_t channels, bool affine, std::optional<Backend> backend)
    : backend_(std::move(backend)) {
  if (affine) {
    weight_ = register_parameter("weight", at::ones({channels}));
    bias_ = register_parameter("bias", at::zeros({channels}));
  }
  running_mean_ = register_buffer("running_mean", at::zeros({channels}));
  running_var_ = register_buffer("running_var", at::ones({channels}));
}

at::Tensor BatchNorm::Forward(const at::Tensor& x, const ForwardContext& context) const {
  const BatchNormArgs args = Args(context);
  return backend_ && IsSynchronized(args) ? NormalizeEach(*backend_, {x}, {args})[0]
                                          : composition::BatchNorm(x, args);
}

GraphValue BatchNorm::Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const {
  return builder->Add(
      path, graph::BatchNorm{weight_, bias_, running_mean_, running_var_, kEpsilon, kMomentum},
      {x});
}

BatchNormArgs BatchNorm::Args(const ForwardContext& context) const {
  BatchNormArgs args;
  args.weight = weight_;
  args.bias = bias_;
  args.running_mean = running_mean_;
  args.running_var = running_var_;
  args.training = is_training();
  args.update_statistics = context.update_statistics;
  args.eps = kEpsilon;
  args.momentum = kMomentum;
  args.communicator = context.communicator;
  return args;
}

at::Tensor Dropout(const at::Tensor& x, const Rate& rate, const ForwardContext& context) {
  return DropElements(x, rate, context.masks);
}

at::Tensor AsStored(const at::Tensor& x, at::ScalarType storage) {
  return storage == at::kBFloat16 || storage == at::kHalf ? x.to(storage) : x;
}

at::Tensor GlobalAveragePool(const at::Tensor& x) {
  return at::mean(ActivationStorage(x).ForSum(x), {2, 3});
}

at::Tensor AveragePool(const at::Tensor& x, int64_t kernel, int64_t stride, int64_t padding) {
  const ActivationStorage storage(x);
  return storage.Narrow(at::avg_pool2d(storage.Widen(x), kernel, stride, padding,
                                       /*ceil_mode=*/false, /*count_include_pad=*/false));
}

}  // namespace pdarts::nn
