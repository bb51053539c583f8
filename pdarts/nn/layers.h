#ifndef PDARTS_NN_LAYERS_H_
#define PDARTS_NN_LAYERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/network_graph.h"
#include "pdarts/nn/kernels/batch_norm_args.h"
#include "torch/nn/module.h"

namespace pdarts::nn {

// Layers take activations of their parameters' type, or bfloat16 beside parameters of float32. Then
// they compute in float32, and give bfloat16 unless they say otherwise; ActivationStorage says what
// is rounded.

/// Counts the multiply-accumulates of all convolutions and linear layers that this thread runs
/// while the object lives (docs/algorithm.md, "Counting"). Tallies don't nest.
class MacTally {
 public:
  MacTally();
  ~MacTally();
  MacTally(const MacTally&) = delete;
  MacTally& operator=(const MacTally&) = delete;

  int64_t macs() const { return macs_; }
  /// What was counted in each MacPart, in the order of their first counts; "" is outside of all.
  const std::vector<std::pair<std::string, int64_t>>& parts() const { return parts_; }

  /// Adds to the living tally, if there is one. For layers that compute by other means than the
  /// classes below.
  static void Add(int64_t macs);

 private:
  int64_t macs_ = 0;
  std::vector<std::pair<std::string, int64_t>> parts_;
};

/// While one lives, what this thread counts belongs to a part of the network, called as the child
/// module is ("cells.3"). Parts don't nest.
class MacPart {
 public:
  explicit MacPart(std::string name);
  ~MacPart();
  MacPart(const MacPart&) = delete;
  MacPart& operator=(const MacPart&) = delete;
};

struct ConvolutionOptions {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t dilation = 1;
  int64_t groups = 1;
  bool bias = false;
};

/// A 2-d convolution. Parameters: `weight` `[out,in/groups,k,k]` and, if asked for, `bias` `[out]`,
/// both drawn from U(-b, b) with b = 1 / sqrt(in / groups * k * k): LibTorch's default.
class Convolution : public torch::nn::Module {
 public:
  Convolution(const ConvolutionOptions& options, at::Generator generator);

  /// `[N,in,H,W]` -> `[N,out,H',W']`. Of bfloat16 activations and without groups the product is of
  /// the weight rounded to bfloat16.
  at::Tensor Forward(const at::Tensor& x) const;

  /// Describes it as the layer `path` (GraphBuilder::Add).
  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const;

  const ConvolutionOptions& options() const { return options_; }
  const at::Tensor& weight() const { return weight_; }
  /// Undefined without bias.
  const at::Tensor& bias() const { return bias_; }

 private:
  const ConvolutionOptions options_;
  at::Tensor weight_;
  at::Tensor bias_;
};

/// A fully connected layer. Parameters: `weight` `[out,in]`, `bias` `[out]`, both drawn from
/// U(-b, b) with b = 1 / sqrt(in): LibTorch's default.
class Linear : public torch::nn::Module {
 public:
  Linear(int64_t in_features, int64_t out_features, at::Generator generator);

  /// `[N,in]` -> `[N,out]`.
  at::Tensor Forward(const at::Tensor& x) const;

  /// Describes it as the layer `path` (GraphBuilder::Add).
  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

/// Batch normalisation over a channel of `[N,C,H,W]`: by the batch's mean and biased variance in
/// training, by the running ones in evaluation mode. Buffers: `running_mean`, `running_var` `[C]`,
/// which move towards the batch's mean and unbiased variance; parameters, if affine: `weight`
/// (ones) and `bias` (zeros).
class BatchNorm : public torch::nn::Module {
 public:
  static constexpr double kEpsilon = 1e-5;
  static constexpr double kMomentum = 0.1;

  /// \param backend says what computes statistics over several processes. Without one, and where
  ///     this process has the whole batch, LibTorch's operators compute everything.
  BatchNorm(int64_t channels, bool affine, std::optional<Backend> backend = std::nullopt);

  /// Throws c10::Error as CheckCanNormalize.
  at::Tensor Forward(const at::Tensor& x, const ForwardContext& context) const;

  /// Describes it as the layer `path` (GraphBuilder::Add).
  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const;

  /// The same as data, for the fused operations.
  BatchNormArgs Args(const ForwardContext& context) const;

  /// Undefined unless affine.
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }
  const at::Tensor& running_mean() const { return running_mean_; }
  const at::Tensor& running_var() const { return running_var_; }

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  at::Tensor running_mean_;
  at::Tensor running_var_;
  const std::optional<Backend> backend_;
};

/// Sets each element of `[N,C,H,W]` to zero with the probability `rate` and divides the others by
/// 1 - rate. The mask is DropoutMask of context.masks.
at::Tensor Dropout(const at::Tensor& x, const Rate& rate, const ForwardContext& context);

/// What a network's stem gives, in the type in which the layers behind it shall store their
/// activations. storage: kBFloat16; any other type leaves x as it is.
at::Tensor AsStored(const at::Tensor& x, at::ScalarType storage);

/// `[N,C,H,W]` -> `[N,C]`: the mean over the pixels, float32 where x is bfloat16.
at::Tensor GlobalAveragePool(const at::Tensor& x);

/// Mean of kxk windows, padding not counted.
at::Tensor AveragePool(const at::Tensor& x, int64_t kernel, int64_t stride, int64_t padding);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_LAYERS_H_
