#include "pdarts/nn/operation.h"

#include <map>
#include <optional>
#include <utility>

#include "ATen/CPUGeneratorImpl.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/relu.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "glog/logging.h"
#include "pdarts/core/knob.h"
#include "pdarts/nn/kernels/convolution.h"
#include "pdarts/nn/kernels/dropout.h"
#include "pdarts/nn/kernels/node_sum.h"
#include "pdarts/nn/kernels/pooling.h"

namespace pdarts::nn {
namespace {

class Zero : public Operation {
 public:
  explicit Zero(const OperationOptions& options) : stride_(options.stride) {}

  at::Tensor Forward(const at::Tensor& x, const ForwardContext&) const override {
    return at::zeros({x.size(0), x.size(1), x.size(2) / stride_, x.size(3) / stride_}, x.options());
  }
  PreNormalization PreNormalize(const at::Tensor&, const ForwardContext&) const override {
    return {};
  }
  bool is_zero() const override { return true; }
  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const override {
    return builder->Add(path, graph::Zero{stride_}, {x});
  }

 private:
  const int64_t stride_;
};

/// Gaussian noise with mean 0 and standard deviation 1 instead of its input (RobustDARTS: Zela et
/// al., ICLR 2020).
class Noise : public Operation {
 public:
  explicit Noise(const OperationOptions& options) : stride_(options.stride) {}

  at::Tensor Forward(const at::Tensor& x, const ForwardContext& context) const override {
    return NormalNoise({x.size(0), x.size(1), x.size(2) / stride_, x.size(3) / stride_},
                       context.masks)
        .to(x.options());
  }

 private:
  const int64_t stride_;
};

class Identity : public Operation {
 public:
  at::Tensor Forward(const at::Tensor& x, const ForwardContext& context) const override {
    const Rate rate = DropoutOf(context);
    return rate.value == 0 ? x : Dropout(x, rate, context);
  }
  bool has_cell_form() const override { return true; }
  CellOperation CellForm(at::IntArrayRef sizes, const ForwardContext& context) const override {
    CellOperation operation;
    const Rate rate = DropoutOf(context);
    const double p = rate.value;
    if (p == 0) return operation;
    if (context.masks.device_counter().defined()) {
      operation.device_dropout = DeviceDropout{rate, context.masks};
      return operation;
    }
    operation.dropout_mask = DropoutMask(sizes, p, context.masks);
    // If everything is dropped, the scale has no effect, but 1 / 0 must be avoided.
    operation.dropout_scale = p == 1 ? 1 : 1 / (1 - p);
    return operation;
  }
  bool is_identity() const override { return true; }
  /// Only networks of a search have dropout.
  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const override {
    return builder->Add(path, graph::Identity{}, {x});
  }

 private:
  Rate DropoutOf(const ForwardContext& context) const {
    return is_training() ? context.KnobRate(kSkipDropoutKnob) : Rate();
  }
};

enum class PoolKind { kMax, kAverage };

/// 3x3, padding 1.
at::Tensor Pool(const Backend& backend, PoolKind kind, int64_t stride, const at::Tensor& x) {
  return kind == PoolKind::kMax ? MaxPool3x3(backend, x, stride)
                                : AveragePool3x3(backend, x, stride);
}

GraphValue DescribePool(PoolKind kind, int64_t stride, GraphBuilder* builder,
                        absl::string_view path, GraphValue x) {
  graph::Pool pool;
  pool.kind = kind == PoolKind::kMax ? graph::Pool::Kind::kMax : graph::Pool::Kind::kAverage;
  pool.kernel = 3;
  pool.stride = stride;
  pool.padding = 1;
  return builder->Add(path, pool, {x});
}

CellOperation PoolOperation(PoolKind kind, int64_t stride) {
  CellOperation operation;
  operation.kind =
      kind == PoolKind::kMax ? CellOperation::Kind::kMaxPool : CellOperation::Kind::kAveragePool;
  operation.stride = stride;
  return operation;
}

class PlainPool : public Operation {
 public:
  PlainPool(PoolKind kind, const OperationOptions& options)
      : kind_(kind), stride_(options.stride), backend_(options.backend) {}

  at::Tensor Forward(const at::Tensor& x, const ForwardContext&) const override {
    return Pool(backend_, kind_, stride_, x);
  }
  bool has_cell_form() const override { return true; }
  CellOperation CellForm(at::IntArrayRef, const ForwardContext&) const override {
    return PoolOperation(kind_, stride_);
  }
  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const override {
    return DescribePool(kind_, stride_, builder, path, x);
  }

 private:
  const PoolKind kind_;
  const int64_t stride_;
  const Backend backend_;
};

class NormalizedPool : public NormalizedOperation {
 public:
  NormalizedPool(PoolKind kind, const OperationOptions& options)
      : NormalizedOperation(options.backend),
        kind_(kind),
        stride_(options.stride),
        batch_norm_(register_module(
            "1", std::make_shared<BatchNorm>(options.channels, /*affine=*/false))) {}

  PreNormalization PreNormalize(const at::Tensor& x, const ForwardContext&) const override {
    return {Pool(backend(), kind_, stride_, x), batch_norm_.get()};
  }
  bool has_cell_form() const override { return true; }
  CellOperation CellForm(at::IntArrayRef, const ForwardContext& context) const override {
    CellOperation operation = PoolOperation(kind_, stride_);
    operation.batch_norm = batch_norm_->Args(context);
    return operation;
  }
  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const override {
    return builder->Module(path, "NormalizedPool", {x}, [&](const std::vector<GraphValue>& in) {
      return batch_norm_->Describe(builder, "1", DescribePool(kind_, stride_, builder, "0", in[0]));
    });
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

/// Counts the multiply-adds of a convolution with an input of these sizes.
void Tally(const ReluConvolution& convolution, at::IntArrayRef sizes) {
  const int64_t pixels = ((sizes[2] - 1) / convolution.stride + 1) *
                         ((sizes[3] - 1) / convolution.stride + 1) * sizes[0];
  for (const at::Tensor& weight :
       {convolution.depthwise, convolution.weight, convolution.second_weight}) {
    if (weight.defined()) MacTally::Add(pixels * weight.numel());
  }
}

/// A ReLU-conv-BN as data.
CellOperation OneReluConvBn(ReluConvolution convolution, const BatchNorm& batch_norm,
                            at::IntArrayRef sizes, const ForwardContext& context) {
  Tally(convolution, sizes);
  CellOperation operation;
  operation.kind = CellOperation::Kind::kConvolution;
  operation.chain.push_back({std::move(convolution), batch_norm.Args(context)});
  return operation;
}

/// A chain of: ReLU, depthwise kxk, pointwise 1x1, batch normalization. The first convolution has
/// the stride. The numbers of the children run through the complete chain, including the ReLU:
/// `op.1` depthwise, `op.2` pointwise, `op.3` batch normalization, `op.5` ...
class DepthwiseSeparable : public NormalizedOperation {
 public:
  /// type: the name in a description (GraphBuilder::Module).
  DepthwiseSeparable(absl::string_view type, int64_t kernel, int64_t dilation, int length,
                     const OperationOptions& options)
      : NormalizedOperation(options.backend), type_(type) {
    const auto children = register_module("op", std::make_shared<torch::nn::Module>());
    const int64_t channels = options.channels;
    int child = 0;
    for (int r = 0; r < length; ++r) {
      ConvolutionOptions depthwise{channels, channels, kernel, r == 0 ? options.stride : 1};
      depthwise.padding = dilation * (kernel / 2);
      depthwise.dilation = dilation;
      depthwise.groups = channels;
      ReluConvBn part;
      ++child;  // the ReLU
      part.depthwise = children->register_module(
          std::to_string(child++), std::make_shared<Convolution>(depthwise, options.generator));
      part.pointwise = children->register_module(
          std::to_string(child++),
          std::make_shared<Convolution>(ConvolutionOptions{channels, channels}, options.generator));
      part.batch_norm = children->register_module(
          std::to_string(child++), std::make_shared<BatchNorm>(channels, options.affine));
      chain_.push_back(std::move(part));
    }
  }

  PreNormalization PreNormalize(const at::Tensor& x, const ForwardContext& context) const override {
    at::Tensor value = x;
    const BatchNorm* pending = nullptr;
    for (const ReluConvBn& part : chain_) {
      std::optional<BatchNormArgs> before;
      if (pending != nullptr) before = pending->Args(context);
      const ReluConvolution convolution = part.AsReluConvolution();
      Tally(convolution, value.sizes());
      value = Convolve(backend(), value, convolution, before);
      pending = part.batch_norm.get();
    }
    return {value, pending};
  }

  bool has_cell_form() const override { return true; }
  CellOperation CellForm(at::IntArrayRef sizes, const ForwardContext& context) const override {
    CellOperation operation;
    operation.kind = CellOperation::Kind::kConvolution;
    std::vector<int64_t> in = sizes.vec();
    for (const ReluConvBn& part : chain_) {
      const ReluConvolution convolution = part.AsReluConvolution();
      Tally(convolution, in);
      for (const int side : {2, 3}) in[side] = (in[side] - 1) / convolution.stride + 1;
      operation.chain.push_back({convolution, part.batch_norm->Args(context)});
    }
    return operation;
  }

  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const override {
    return builder->Module(path, type_, {x}, [&](const std::vector<GraphValue>& in) {
      GraphValue value = in[0];
      int child = 0;
      const auto next = [&child] { return absl::StrCat("op.", child++); };
      for (const ReluConvBn& part : chain_) {
        value = builder->Add(next(), graph::Relu{}, {value});
        value = part.depthwise->Describe(builder, next(), value);
        value = part.pointwise->Describe(builder, next(), value);
        value = part.batch_norm->Describe(builder, next(), value);
      }
      return value;
    });
  }

 private:
  struct ReluConvBn {
    std::shared_ptr<Convolution> depthwise;
    std::shared_ptr<Convolution> pointwise;
    std::shared_ptr<BatchNorm> batch_norm;

    ReluConvolution AsReluConvolution() const {
      ReluConvolution convolution;
      convolution.kind = ConvolutionKind::kSeparable;
      convolution.stride = depthwise->options().stride;
      convolution.dilation = depthwise->options().dilation;
      convolution.depthwise = depthwise->weight();
      convolution.weight = pointwise->weight();
      return convolution;
    }
  };
  const std::string type_;
  std::vector<ReluConvBn> chain_;
};

class ReluConvBn : public NormalizedOperation {
 public:
  ReluConvBn(const ConvolutionOptions& convolution, bool affine, const Backend& backend,
             at::Generator generator)
      : NormalizedOperation(backend) {
    const auto children = register_module("op", std::make_shared<torch::nn::Module>());
    convolution_ = children->register_module(
        "1", std::make_shared<Convolution>(convolution, std::move(generator)));
    batch_norm_ = children->register_module(
        "2", std::make_shared<BatchNorm>(convolution.out_channels, affine));
  }

  PreNormalization PreNormalize(const at::Tensor& x, const ForwardContext&) const override {
    if (const std::optional<ReluConvolution> convolution = AsReluConvolution()) {
      Tally(*convolution, x.sizes());
      return {Convolve(backend(), x, *convolution), batch_norm_.get()};
    }
    return {convolution_->Forward(at::relu(x)), batch_norm_.get()};
  }

  bool has_cell_form() const override { return AsReluConvolution().has_value(); }
  CellOperation CellForm(at::IntArrayRef sizes, const ForwardContext& context) const override {
    return OneReluConvBn(AsReluConvolution().value(), *batch_norm_, sizes, context);
  }

  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const override {
    return builder->Module(path, "ReluConvBn", {x}, [&](const std::vector<GraphValue>& in) {
      const GraphValue positive = builder->Add("op.0", graph::Relu{}, {in[0]});
      return batch_norm_->Describe(builder, "op.2",
                                   convolution_->Describe(builder, "op.1", positive));
    });
  }

 private:
  /// No value for strides and kernels that Convolve does not support.
  std::optional<ReluConvolution> AsReluConvolution() const {
    const ConvolutionOptions& options = convolution_->options();
    const int64_t k = options.kernel;
    if (options.stride != 1 || (k != 1 && k != 3 && k != 5)) return std::nullopt;
    ReluConvolution convolution;
    convolution.kind = k == 1 ? ConvolutionKind::kPointwise : ConvolutionKind::kDense;
    convolution.weight = convolution_->weight();
    convolution.bias = convolution_->bias();
    return convolution;
  }

  std::shared_ptr<Convolution> convolution_;
  std::shared_ptr<BatchNorm> batch_norm_;
};

class FactorizedReduce : public NormalizedOperation {
 public:
  FactorizedReduce(int64_t in_channels, int64_t out_channels, bool affine, const Backend& backend,
                   at::Generator generator)
      : NormalizedOperation(backend) {
    CHECK_EQ(out_channels % 2, 0) << "a factorized reduction makes two equal halves";
    const ConvolutionOptions half{in_channels, out_channels / 2, /*kernel=*/1, /*stride=*/2};
    first_ = register_module("conv_1", std::make_shared<Convolution>(half, generator));
    second_ = register_module("conv_2", std::make_shared<Convolution>(half, generator));
    batch_norm_ = register_module("bn", std::make_shared<BatchNorm>(out_channels, affine));
  }

  PreNormalization PreNormalize(const at::Tensor& x, const ForwardContext&) const override {
    Tally(AsReluConvolution(), x.sizes());
    return {Convolve(backend(), x, AsReluConvolution()), batch_norm_.get()};
  }

  bool has_cell_form() const override { return true; }
  CellOperation CellForm(at::IntArrayRef sizes, const ForwardContext& context) const override {
    return OneReluConvBn(AsReluConvolution(), *batch_norm_, sizes, context);
  }

  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const override {
    return builder->Module(path, "FactorizedReduce", {x}, [&](const std::vector<GraphValue>& in) {
      const GraphValue positive = builder->Add("", graph::Relu{}, {in[0]});
      const GraphValue shifted = builder->Add("", graph::Crop{/*top=*/1, /*left=*/1}, {positive});
      const GraphValue halves = builder->Add("", graph::Concat{},
                                             {first_->Describe(builder, "conv_1", positive),
                                              second_->Describe(builder, "conv_2", shifted)});
      return batch_norm_->Describe(builder, "bn", halves);
    });
  }

 private:
  ReluConvolution AsReluConvolution() const {
    ReluConvolution convolution;
    convolution.kind = ConvolutionKind::kFactorizedReduce;
    convolution.stride = 2;
    convolution.weight = first_->weight();
    convolution.second_weight = second_->weight();
    return convolution;
  }

  std::shared_ptr<Convolution> first_;
  std::shared_ptr<Convolution> second_;
  std::shared_ptr<BatchNorm> batch_norm_;
};

OperationMaker SeparableConvolution(int64_t kernel) {
  return [kernel](const OperationOptions& options) {
    return std::make_shared<DepthwiseSeparable>("SeparableConvolution", kernel, /*dilation=*/1,
                                                /*length=*/2, options);
  };
}

OperationMaker DilatedConvolution(int64_t kernel) {
  return [kernel](const OperationOptions& options) {
    return std::make_shared<DepthwiseSeparable>("DilatedConvolution", kernel, /*dilation=*/2,
                                                /*length=*/1, options);
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
         return MakeFactorizedReduce(o.channels, o.channels, o.affine, o.backend, o.generator);
       }},
      {"sep_conv_3x3", SeparableConvolution(3)},
      {"sep_conv_5x5", SeparableConvolution(5)},
      {"dil_conv_3x3", DilatedConvolution(3)},
      {"dil_conv_5x5", DilatedConvolution(5)},
      {"noise", [](const OperationOptions& o) { return std::make_shared<Noise>(o); }},
  };
  return *makers;
}

}  // namespace

CellOperation Operation::CellForm(at::IntArrayRef, const ForwardContext&) const {
  LOG(FATAL) << "this operation has no cell form";
}

at::Tensor NormalizedOperation::Forward(const at::Tensor& x, const ForwardContext& context) const {
  const PreNormalization before = PreNormalize(x, context);
  return Normalize(backend_, before.value, before.batch_norm->Args(context));
}

std::vector<at::Tensor> ForwardEach(const std::vector<const Operation*>& operations,
                                    const std::vector<at::Tensor>& inputs,
                                    const ForwardContext& context, const Backend& backend) {
  CHECK_EQ(operations.size(), inputs.size());
  std::vector<at::Tensor> outputs;
  if (context.communicator == nullptr) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      outputs.push_back(operations[i]->Forward(inputs[i], context));
    }
    return outputs;
  }
  std::vector<at::Tensor> values;
  std::vector<BatchNormArgs> batch_norms;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const PreNormalization before = operations[i]->PreNormalize(inputs[i], context);
    if (before.batch_norm == nullptr) {
      // A zero operation has no pre-normalization value.
      outputs.push_back(before.value.defined() ? before.value
                                               : operations[i]->Forward(inputs[i], context));
      continue;
    }
    outputs.emplace_back();
    values.push_back(before.value);
    batch_norms.push_back(before.batch_norm->Args(context));
  }
  const std::vector<at::Tensor> normalized = NormalizeEach(backend, values, batch_norms);
  auto next = normalized.begin();
  for (at::Tensor& output : outputs) {
    if (!output.defined()) output = *next++;
  }
  return outputs;
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
                                          const Backend& backend, at::Generator generator) {
  ConvolutionOptions convolution{in_channels, out_channels, kernel, stride};
  convolution.padding = kernel / 2;
  convolution.bias = bias;
  return std::make_shared<ReluConvBn>(convolution, affine, backend, std::move(generator));
}

std::shared_ptr<Operation> MakeFactorizedReduce(int64_t in_channels, int64_t out_channels,
                                                bool affine, const Backend& backend,
                                                at::Generator generator) {
  return std::make_shared<FactorizedReduce>(in_channels, out_channels, affine, backend,
                                            std::move(generator));
}

}  // namespace pdarts::nn
