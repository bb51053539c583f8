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

// Layers take activations of the type of their parameters. Layers with float32 parameters also take
// bfloat16 and float16. The results have the type of the activations, unless stated otherwise.
// ActivationStorage describes what is computed in float32 and what is rounded.

/// Counts the multiply-adds of all convolutions and linear layers that this thread computes while
/// the object lives (docs/algorithm.md, "Counting"). Two objects must not be nested.
class MacTally {
 public:
  MacTally();
  ~MacTally();
  MacTally(const MacTally&) = delete;
  MacTally& operator=(const MacTally&) = delete;

  int64_t macs() const { return macs_; }
  /// The count of each MacPart, in the order of their first counts. "" is the part outside of all
  /// MacParts.
  const std::vector<std::pair<std::string, int64_t>>& parts() const { return parts_; }

  /// Adds to the living object, if there is one. For layers that do not compute with the classes
  /// below.
  static void Add(int64_t macs);

 private:
  int64_t macs_ = 0;
  std::vector<std::pair<std::string, int64_t>> parts_;
};

/// While an object lives, the counts of this thread belong to one part of the network, with the
/// name of its child module ("cells.3"). Two objects must not be nested.
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

/// A 2-d convolution. Parameters: `weight` `[out,in/groups,k,k]` and optionally `bias` `[out]`.
/// Both are drawn from U(-b, b) with b = 1 / sqrt(in / groups * k * k), LibTorch's default.
class Convolution : public torch::nn::Module {
 public:
  Convolution(const ConvolutionOptions& options, at::Generator generator);

  /// `[N,in,H,W]` -> `[N,out,H',W']`. For 16-bit activations without groups, the weight is rounded
  /// to the same type for the product.
  at::Tensor Forward(const at::Tensor& x) const;

  /// Describes the convolution as the layer `path` (GraphBuilder::Add).
  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const;

  const ConvolutionOptions& options() const { return options_; }
  const at::Tensor& weight() const { return weight_; }
  /// Undefined if the convolution has no bias.
  const at::Tensor& bias() const { return bias_; }

 private:
  const ConvolutionOptions options_;
  at::Tensor weight_;
  at::Tensor bias_;
};

/// A fully connected layer. Parameters: `weight` `[out,in]`, `bias` `[out]`. Both are drawn from
/// U(-b, b) with b = 1 / sqrt(in), LibTorch's default.
class Linear : public torch::nn::Module {
 public:
  Linear(int64_t in_features, int64_t out_features, at::Generator generator);

  /// `[N,in]` -> `[N,out]`.
  at::Tensor Forward(const at::Tensor& x) const;

  /// Describes the layer as the layer `path` (GraphBuilder::Add).
  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

/// Batch normalization of the channels of `[N,C,H,W]`. In training mode, it uses the mean and the
/// biased variance of the batch. In evaluation mode, it uses the running statistics. Buffers:
/// `running_mean`, `running_var` `[C]`, which move toward the mean and the unbiased variance of
/// the batch. Parameters, if affine: `weight` (ones) and `bias` (zeros).
class BatchNorm : public torch::nn::Module {
 public:
  static constexpr double kEpsilon = 1e-5;
  static constexpr double kMomentum = 0.1;

  /// \param backend for statistics over several processes. Without a backend, or if this process
  /// has the complete batch, LibTorch's operators compute everything.
  BatchNorm(int64_t channels, bool affine, std::optional<Backend> backend = std::nullopt);

  /// Throws c10::Error as CheckCanNormalize.
  at::Tensor Forward(const at::Tensor& x, const ForwardContext& context) const;

  /// Describes the normalization as the layer `path` (GraphBuilder::Add).
  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const;

  /// The normalization as data, for the fused operations.
  BatchNormArgs Args(const ForwardContext& context) const;

  /// Undefined if not affine.
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

/// Sets each element of `[N,C,H,W]` to zero with the probability `rate`, and divides the others by
/// 1 - rate. The mask is DropoutMask with context.masks.
at::Tensor Dropout(const at::Tensor& x, const Rate& rate, const ForwardContext& context);

/// The output of a network's stem in the type in which the later layers store their activations.
/// storage: kBFloat16 or kHalf. For any other type, x is returned.
at::Tensor AsStored(const at::Tensor& x, at::ScalarType storage);

/// `[N,C,H,W]` -> `[N,C]`: the mean over the pixels, float32 if x has 16 bits.
at::Tensor GlobalAveragePool(const at::Tensor& x);

/// The mean of kxk windows. The padding is not counted.
at::Tensor AveragePool(const at::Tensor& x, int64_t kernel, int64_t stride, int64_t padding);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_LAYERS_H_
