#include "pdarts/spaces/darts/super_net.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/knob.h"
#include "pdarts/nn/layers.h"
#include "pdarts/nn/mixed_node.h"
#include "pdarts/nn/operation.h"
#include "pdarts/spaces/darts/cells.h"
#include "pdarts/spaces/darts/preprocessing.h"

namespace pdarts::darts {
namespace {

constexpr int kStemMultiplier = 3;

class SearchCell : public torch::nn::Module {
 public:
  SearchCell(const CellShape& cell_shape, const CellCandidates& candidates, const Backend& backend,
             const at::Generator& generator)
      : backend_(backend), preprocessing_(*this, cell_shape, /*affine=*/false, backend, generator) {
    const CellKind& kind = DartsTopology().kinds[cell_shape.kind()];
    graph_.num_inputs = kInputNodes;
    graph_.num_nodes = kNodes;
    graph_.edges = kind.edges;
    for (int node = kInputNodes; node < kNodes; ++node) graph_.output_nodes.push_back(node);
    graph_.reduction = cell_shape.reduces ? 2 : 1;
    const auto edges = register_module("cell_ops", std::make_shared<torch::nn::Module>());
    for (size_t e = 0; e < candidates.size(); ++e) {
      const auto edge =
          edges->register_module(std::to_string(e), std::make_shared<torch::nn::Module>());
      const auto children = edge->register_module("m_ops", std::make_shared<torch::nn::Module>());
      nn::OperationOptions options;
      options.channels = cell_shape.channels;
      options.stride = EdgeStride(cell_shape, kind.edges[e].from);
      options.pool_batch_norm = true;
      options.backend = backend;
      options.generator = generator;
      nn::EdgeOperations& operations = operations_.emplace_back();
      for (size_t k = 0; k < candidates[e].size(); ++k) {
        operations.push_back(children->register_module(
            std::to_string(k), nn::MakeOperation(kind.operations[candidates[e][k]], options)));
      }
    }
  }

  /// `probabilities` are `[E,K]`. Returns `[N,4C,H',W']`.
  at::Tensor Forward(const at::Tensor& input0, const at::Tensor& input1,
                     const at::Tensor& probabilities, const ForwardContext& context) const {
    return nn::MixedNodes(graph_, operations_,
                          preprocessing_.Forward(input0, input1, context, backend_), probabilities,
                          context, backend_);
  }

 private:
  const Backend backend_;
  Preprocessing preprocessing_;
  nn::MixedGraph graph_;
  std::vector<nn::EdgeOperations> operations_;  ///< [edge]
};

class DartsSuperNet : public SuperNet {
 public:
  DartsSuperNet(const Candidates& candidates, const SuperNetShape& shape,
                const at::Generator& generator)
      : SuperNet(DartsTopology(), candidates, {"alphas_normal", "alphas_reduce"}), shape_(shape) {
    for (const Knob& knob : StandardKnobs()) DeclareKnob(knob);
    const int64_t stem_channels = int64_t{kStemMultiplier} * shape.channels;
    const auto stem = register_module("stem", std::make_shared<torch::nn::Module>());
    nn::ConvolutionOptions convolution{shape.image.channels, stem_channels, /*kernel=*/3};
    convolution.padding = 1;
    stem_convolution_ =
        stem->register_module("0", std::make_shared<nn::Convolution>(convolution, generator));
    stem_batch_norm_ = stem->register_module(
        "1", std::make_shared<nn::BatchNorm>(stem_channels, /*affine=*/true, shape.backend));

    cell_shapes_ =
        ShapesOfCells(shape.cells, shape.channels, stem_channels, /*stem_reduces=*/false);
    const auto cells = register_module("cells", std::make_shared<torch::nn::Module>());
    for (const CellShape& cell_shape : cell_shapes_) {
      cells_.push_back(cells->register_module(
          std::to_string(cells_.size()),
          std::make_shared<SearchCell>(cell_shape, candidates[cell_shape.kind()], shape.backend,
                                       generator)));
    }
    classifier_ = register_module(
        "classifier",
        std::make_shared<nn::Linear>(cell_shapes_.back().out_channels(), shape.classes, generator));
  }

  std::string Describe() const override {
    std::vector<std::string> reductions;
    for (size_t i = 0; i < cell_shapes_.size(); ++i) {
      if (cell_shapes_[i].reduces) reductions.push_back(std::to_string(i));
    }
    int64_t num_alphas = 0;
    for (const at::Tensor& alpha : alphas()) num_alphas += alpha.numel();
    const auto width = [](const CellCandidates& cell) { return cell.front().size(); };
    return absl::StrCat(cell_shapes_.size(),
                        " cells (reductions: ", absl::StrJoin(reductions, ", "), "), channels ",
                        shape_.channels, " to ", cell_shapes_.back().channels,
                        ", candidates for each edge ", width(candidates()[kNormal]),
                        " (normal) and ", width(candidates()[kReduce]), " (reduce), ",
                        CountParameters(*this) - num_alphas, " weights, ", num_alphas, " alphas");
  }

 private:
  at::Tensor DoForward(const at::Tensor& images, const ForwardContext& context) override {
    const std::vector<at::Tensor> probabilities = {ProbabilityTensor(kNormal),
                                                   ProbabilityTensor(kReduce)};

    // The fused cells work on channels-last values. LibTorch's convolution then also works on them.
    const at::Tensor x =
        shape_.backend.channels_last() ? images.contiguous(at::MemoryFormat::ChannelsLast) : images;
    at::Tensor input0 = nn::AsStored(
        stem_batch_norm_->Forward(stem_convolution_->Forward(x), context), shape_.backend.storage);
    at::Tensor input1 = input0;
    for (size_t i = 0; i < cells_.size(); ++i) {
      at::Tensor out = cells_[i]->Forward(input0, input1, probabilities[cell_shapes_[i].kind()],
                                          context.At(static_cast<int64_t>(i)));
      input0 = std::exchange(input1, std::move(out));
    }
    return classifier_->Forward(nn::GlobalAveragePool(input1));
  }

  const SuperNetShape shape_;
  std::vector<CellShape> cell_shapes_;
  std::shared_ptr<nn::Convolution> stem_convolution_;
  std::shared_ptr<nn::BatchNorm> stem_batch_norm_;
  std::vector<std::shared_ptr<SearchCell>> cells_;
  std::shared_ptr<nn::Linear> classifier_;
};

}  // namespace

absl::Status CheckImageSides(const ImageShape& image) { return CheckSidesDivisible(image, 4); }

std::shared_ptr<SuperNet> MakeSuperNet(const Candidates& candidates, const SuperNetShape& shape,
                                       at::Generator generator) {
  return std::make_shared<DartsSuperNet>(candidates, shape, generator);
}

}  // namespace pdarts::darts
