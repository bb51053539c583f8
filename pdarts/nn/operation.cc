#include "pdarts/nn/operation.h"

#include <map>
#include <utility>

#include "ATen/ops/cat.h"
#include "ATen/ops/max_pool2d.h"
#include "ATen/ops/relu.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_join.h"
#include "glog/logging.h"

namespace pdarts::nn {
namespace {

class Zero : public Operation {
 public:
  explicit Zero(const OperationOptions& options) : stride_(options.stride) {}

  at::Tensor Forward(const at::Tensor& x, const Pass&) const override {
    return at::zeros({x.size(0), x.size(1), x.size(2) / stride_, x.size(3) / stride_}, x.options());
  }
  RawOutput Raw(const at::Tensor&, const Pass&) const override { return {}; }
  bool is_zero() const override { return true; }

 private:
  const int64_t stride_;
};

class Identity : public Operation {
 public:
  at::Tensor Forward(const at::Tensor& x, const Pass& pass) const override {
    if (!is_training() || pass.skip_dropout == 0) return x;
    return Dropout(x, pass.skip_dropout, pass);
  }
  bool is_identity() const override { return true; }
};

enum class PoolKind { kMax, kAverage };

/// 3x3, padding 1.
at::Tensor Pool(PoolKind kind, int64_t stride, const at::Tensor& x) {
  if (kind == PoolKind::kMax) return at::max_pool2d(x, 3, stride, 1);
  return AveragePool(x, 3, stride, 1);
}

class PlainPool : public Operation {
 public:
  PlainPool(PoolKind kind, const OperationOptions& options)
      : kind_(kind), stride_(options.stride) {}

  at::Tensor Forward(const at::Tensor& x, const Pass&) const override {
    return Pool(kind_, stride_, x);
  }

 private:
  const PoolKind kind_;
  const int64_t stride_;
};

class NormalizedPool : public NormalizedOperation {
 public:
  NormalizedPool(PoolKind kind, const OperationOptions& options)
      : kind_(kind),
        stride_(options.stride),
        batch_norm_(register_module(
            "1", std::make_shared<BatchNorm>(options.channels, /*affine=*/false))) {}

  RawOutput Raw(const at::Tensor& x, const Pass&) const override {
    return {Pool(kind_, stride_, x), batch_norm_.get()};
  }

 private:
  const PoolKind kind_;
  const int64_t stride_;
  const std::shared_ptr<BatchNorm> batch_norm_;
};

std::shared_ptr<Operation> MakePool(PoolKind kind, const OperationOptions& options) {
  if (options.pool_batch_norm) return std::make_shared<NormalizedPool>(kind, options);
  return std::make_shared<PlainPool>(kind, options);
}

/// Rounds of: ReLU, depthwise kxk, pointwise 1x1, batch normalisation. The first round has the
/// stride. Children are numbered through all rounds, ReLU included: `op.1` depthwise, `op.2`
/// pointwise, `op.3` batch normalisation, `op.5` ...
class DepthwiseSeparable : public NormalizedOperation {
 public:
  DepthwiseSeparable(int64_t kernel, int64_t dilation, int rounds,
                     const OperationOptions& options) {
    const auto children = register_module("op", std::make_shared<torch::nn::Module>());
    const int64_t channels = options.channels;
    int child = 0;
    for (int r = 0; r < rounds; ++r) {
      ConvolutionOptions depthwise{channels, channels, kernel, r == 0 ? options.stride : 1};
      depthwise.padding = dilation * (kernel / 2);
      depthwise.dilation = dilation;
      depthwise.groups = channels;
      Round round;
      ++child;  // the ReLU
      round.depthwise = children->register_module(
          std::to_string(child++), std::make_shared<Convolution>(depthwise, options.generator));
      round.pointwise = children->register_module(
          std::to_string(child++),
          std::make_shared<Convolution>(ConvolutionOptions{channels, channels}, options.generator));
      round.batch_norm = children->register_module(
          std::to_string(child++), std::make_shared<BatchNorm>(channels, options.affine));
      rounds_.push_back(std::move(round));
    }
  }

  RawOutput Raw(const at::Tensor& x, const Pass& pass) const override {
    at::Tensor value = x;
    const BatchNorm* pending = nullptr;
    for (const Round& round : rounds_) {
      if (pending != nullptr) value = pending->Forward(value, pass);
      value = round.pointwise->Forward(round.depthwise->Forward(at::relu(value)));
      pending = round.batch_norm.get();
    }
    return {value, pending};
  }

 private:
  struct Round {
    std::shared_ptr<Convolution> depthwise;
    std::shared_ptr<Convolution> pointwise;
    std::shared_ptr<BatchNorm> batch_norm;
  };
  std::vector<Round> rounds_;
};

class ReluConvBn : public NormalizedOperation {
 public:
  ReluConvBn(const ConvolutionOptions& convolution, bool affine, at::Generator generator) {
    const auto children = register_module("op", std::make_shared<torch::nn::Module>());
    convolution_ = children->register_module(
        "1", std::make_shared<Convolution>(convolution, std::move(generator)));
    batch_norm_ = children->register_module(
        "2", std::make_shared<BatchNorm>(convolution.out_channels, affine));
  }

  RawOutput Raw(const at::Tensor& x, const Pass&) const override {
    return {convolution_->Forward(at::relu(x)), batch_norm_.get()};
  }

 private:
  std::shared_ptr<Convolution> convolution_;
  std::shared_ptr<BatchNorm> batch_norm_;
};

class FactorizedReduce : public NormalizedOperation {
 public:
  FactorizedReduce(int64_t in_channels, int64_t out_channels, bool affine,
                   at::Generator generator) {
    CHECK_EQ(out_channels % 2, 0) << "a factorized reduction makes two equal halves";
    const ConvolutionOptions half{in_channels, out_channels / 2, /*kernel=*/1, /*stride=*/2};
    first_ = register_module("conv_1", std::make_shared<Convolution>(half, generator));
    second_ = register_module("conv_2", std::make_shared<Convolution>(half, generator));
    batch_norm_ = register_module("bn", std::make_shared<BatchNorm>(out_channels, affine));
  }

  RawOutput Raw(const at::Tensor& x, const Pass&) const override {
    const at::Tensor positive = at::relu(x);
    const at::Tensor shifted = positive.slice(2, 1).slice(3, 1);
    return {at::cat({first_->Forward(positive), second_->Forward(shifted)}, 1), batch_norm_.get()};
  }

 private:
  std::shared_ptr<Convolution> first_;
  std::shared_ptr<Convolution> second_;
  std::shared_ptr<BatchNorm> batch_norm_;
};

OperationMaker SeparableConvolution(int64_t kernel) {
  return [kernel](const OperationOptions& options) {
    return std::make_shared<DepthwiseSeparable>(kernel, /*dilation=*/1, /*rounds=*/2, options);
  };
}

OperationMaker DilatedConvolution(int64_t kernel) {
  return [kernel](const OperationOptions& options) {
    return std::make_shared<DepthwiseSeparable>(kernel, /*dilation=*/2, /*rounds=*/1, options);
  };
}

std::map<std::string, OperationMaker, std::less<>>& Makers() {
  static auto* const makers = new std::map<std::string, OperationMaker, std::less<>>{
      {"none", [](const OperationOptions& o) { return std::make_shared<Zero>(o); }},
      {"max_pool_3x3", [](const OperationOptions& o) { return MakePool(PoolKind::kMax, o); }},
      {"avg_pool_3x3", [](const OperationOptions& o) { return MakePool(PoolKind::kAverage, o); }},
      {"skip_connect",
       [](const OperationOptions& o) -> std::shared_ptr<Operation> {
         if (o.stride == 1) return std::make_shared<Identity>();
         return MakeFactorizedReduce(o.channels, o.channels, o.affine, o.generator);
       }},
      {"sep_conv_3x3", SeparableConvolution(3)},
      {"sep_conv_5x5", SeparableConvolution(5)},
      {"dil_conv_3x3", DilatedConvolution(3)},
      {"dil_conv_5x5", DilatedConvolution(5)},
  };
  return *makers;
}

}  // namespace

at::Tensor NormalizedOperation::Forward(const at::Tensor& x, const Pass& pass) const {
  const RawOutput raw = Raw(x, pass);
  return raw.batch_norm->Forward(raw.value, pass);
}

std::shared_ptr<Operation> MakeOperation(absl::string_view name, const OperationOptions& options) {
  CHECK(options.stride == 1 || options.stride == 2) << options.stride;
  const auto maker = Makers().find(name);
  CHECK(maker != Makers().end()) << "no operation is called " << name
                                 << "; known: " << absl::StrJoin(OperationNames(), ", ");
  return maker->second(options);
}

bool RegisterOperation(absl::string_view name, OperationMaker maker) {
  const bool is_new = Makers().emplace(name, std::move(maker)).second;
  CHECK(is_new) << "two operations are called " << name;
  return true;
}

std::vector<std::string> OperationNames() {
  std::vector<std::string> names;
  for (const auto& [name, maker] : Makers()) names.push_back(name);
  return names;
}

std::shared_ptr<Operation> MakeReluConvBn(int64_t in_channels, int64_t out_channels, int64_t kernel,
                                          int64_t stride, bool bias, bool affine,
                                          at::Generator generator) {
  ConvolutionOptions convolution{in_channels, out_channels, kernel, stride};
  convolution.padding = kernel / 2;
  convolution.bias = bias;
  return std::make_shared<ReluConvBn>(convolution, affine, std::move(generator));
}

std::shared_ptr<Operation> MakeFactorizedReduce(int64_t in_channels, int64_t out_channels,
                                                bool affine, at::Generator generator) {
  return std::make_shared<FactorizedReduce>(in_channels, out_channels, affine,
                                            std::move(generator));
}

}  // namespace pdarts::nn
