#ifndef PDARTS_SPACES_NASBENCH201_SKELETON_H_
#define PDARTS_SPACES_NASBENCH201_SKELETON_H_

#include <functional>
#include <memory>
#include <vector>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/network_graph.h"
#include "pdarts/core/search_space.h"
#include "pdarts/nn/layers.h"
#include "pdarts/nn/operation.h"
#include "torch/nn/module.h"

namespace pdarts::nasbench201 {

inline constexpr int kBlocks = 3;  ///< number of blocks of cells, which have C, 2C and 4C channels

/// Makes one of the five operations of the space, with stride 1 (docs/algorithm.md, "The
/// NAS-Bench-201 space"). A convolution has a bias if and only if its batch normalization has no
/// affine parameters.
std::shared_ptr<nn::Operation> MakeCellOperation(absl::string_view name, int64_t channels,
                                                 bool affine, const Backend& backend,
                                                 const at::Generator& generator);

/// \error kInvalidArgument naming the sides of an image that are not divisible by 4. In the two
/// residual blocks, convolutions round sizes up, and the pooling of the shortcuts rounds down.
absl::Status CheckImageSides(const ImageShape& image);

/// One element of a network's list `cells`.
class Block : public torch::nn::Module {
 public:
  /// `[N,C,H,W]` -> `[N,C',H',W']`. `probabilities` are the `[E,K]` of a super-network's edges;
  /// undefined in a derived network.
  virtual at::Tensor Forward(const at::Tensor& x, const at::Tensor& probabilities,
                             const ForwardContext& context) const = 0;

  /// Describes what a block of a derived network computes from `x`, as the child `path`.
  /// Super-networks are not described.
  virtual GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const {
    return builder->Unsupported(path);
  }
};

/// The common part of both networks of the space: stem, cells, residual block to twice the
/// channels, cells, residual block, cells, batch normalization, ReLU, global average pooling,
/// classifier (docs/algorithm.md, "The NAS-Bench-201 space"). Only the cells differ.
class Skeleton {
 public:
  struct Options {
    int cells_per_block = 0;
    int64_t channels = 0;
    ImageShape image;
    int classes = 0;
    Backend backend;
    at::Generator generator;
  };
  using MakeCell = std::function<std::shared_ptr<Block>(int64_t channels)>;

  /// Registers the children `stem`, `cells`, `lastact` and `classifier` of `network`.
  Skeleton(torch::nn::Module& network, const Options& options, const MakeCell& make_cell);

  /// `[N,3,H,W]` -> `[N,classes]`. `probabilities` as in Block.
  at::Tensor Forward(const at::Tensor& images, const at::Tensor& probabilities,
                     const ForwardContext& context) const;

  /// Describes the computation of Forward, up to the logits.
  GraphValue Describe(GraphBuilder* builder) const;

 private:
  const Backend backend_;
  std::shared_ptr<nn::Convolution> stem_convolution_;
  std::shared_ptr<nn::BatchNorm> stem_batch_norm_;
  std::vector<std::shared_ptr<Block>> cells_;  ///< cells and residual blocks
  std::shared_ptr<nn::BatchNorm> last_batch_norm_;
  std::shared_ptr<nn::Linear> classifier_;
};

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_SKELETON_H_
