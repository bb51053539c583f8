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

inline constexpr int kBlocks = 3;  ///< of cells, at C, 2C and 4C channels

/// One of the space's five operations, at stride 1 (docs/algorithm.md, "The NAS-Bench-201 space").
/// Convolutions have a bias exactly when their batch normalization has no affine parameters.
std::shared_ptr<nn::Operation> MakeCellOperation(absl::string_view name, int64_t channels,
                                                 bool affine, const Backend& backend,
                                                 const at::Generator& generator);

/// \error kInvalidArgument naming the sides of an image that isn't divisible by 4: of the two
/// residual blocks, convolutions round up and the shortcuts' pooling down.
absl::Status CheckImageSides(const ImageShape& image);

/// One element of a network's list `cells`.
class Block : public torch::nn::Module {
 public:
  /// `[N,C,H,W]` -> `[N,C',H',W']`. probabilities: `[E,K]` of a super-network's edges; undefined
  /// in a derived network.
  virtual at::Tensor Forward(const at::Tensor& x, const at::Tensor& probabilities,
                             const ForwardContext& context) const = 0;

  /// Describes what a derived network's block computes of `x`, as the child `path`. Super-networks
  /// are not described.
  virtual GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const {
    return builder->Unsupported(path);
  }
};

/// What both of the space's networks are but for their cells: stem, cells, residual block to twice
/// the channels, cells, residual block, cells, batch normalisation, ReLU, global average pooling,
/// classifier (docs/algorithm.md, "The NAS-Bench-201 space").
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

  /// `[N,3,H,W]` -> `[N,classes]`. probabilities: as of Block.
  at::Tensor Forward(const at::Tensor& images, const at::Tensor& probabilities,
                     const ForwardContext& context) const;

  /// Describes what Forward computes; the logits.
  GraphValue Describe(GraphBuilder* builder) const;

 private:
  const Backend backend_;
  std::shared_ptr<nn::Convolution> stem_convolution_;
  std::shared_ptr<nn::BatchNorm> stem_batch_norm_;
  std::vector<std::shared_ptr<Block>> cells_;  ///< residual blocks among them
  std::shared_ptr<nn::BatchNorm> last_batch_norm_;
  std::shared_ptr<nn::Linear> classifier_;
};

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_SKELETON_H_
