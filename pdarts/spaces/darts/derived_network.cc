#include "pdarts/spaces/darts/derived_network.h"

#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/relu.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/network_graph.h"
#include "pdarts/nn/kernels/activation_storage.h"
#include "pdarts/nn/layers.h"
#include "pdarts/nn/mixed_node.h"
#include "pdarts/nn/operation.h"
#include "pdarts/nn/operation_network.h"
#include "pdarts/spaces/darts/cells.h"
#include "pdarts/spaces/darts/preprocessing.h"
#include "pdarts/spaces/darts/super_net.h"

namespace pdarts::darts {
namespace {

constexpr int64_t kCifarStemMultiplier = 3;
constexpr int kCifarImage = 32;
constexpr int kImageNetImage = 224;
/// The factor by which the stem and the reduction cells of the imagenet skeleton reduce the sides
/// of the image. The final pooling window then covers the rest.
constexpr int kImageNetReduction = 32;
constexpr int kImageNetPool = 7;
/// The factor by which the stem of the imagenet skeleton reduces the sides of the image.
constexpr int kImageNetStemReduction = 8;

/// Makes an operation of a derived cell.
std::shared_ptr<nn::Operation> MakeEdgeOperation(absl::string_view operation, int64_t channels,
                                                 int64_t stride, const Backend& backend,
                                                 const at::Generator& generator) {
  nn::OperationOptions options;
  options.channels = channels;
  options.stride = stride;
  options.affine = true;
  options.backend = backend;
  options.generator = generator;
  return nn::MakeOperation(operation, options);
}

class DerivedCell : public torch::nn::Module {
 public:
  DerivedCell(const CellShape& cell_shape, const CellArchitecture& architecture,
              const Backend& backend, const at::Generator& generator)
      : backend_(backend),
        type_(absl::StrCat(cell_shape.reduces ? "ReductionCell" : "NormalCell",
                           cell_shape.previous_reduces ? "AfterReduction" : "")),
        preprocessing_(*this, cell_shape, /*affine=*/true, backend, generator) {
    graph_.num_inputs = kInputNodes;
    graph_.num_nodes = kNodes;
    for (int node = kInputNodes; node < kNodes; ++node) graph_.output_nodes.push_back(node);
    graph_.reduction = cell_shape.reduces ? 2 : 1;
    const auto children = register_module(kOperations, std::make_shared<torch::nn::Module>());
    for (const ArchitectureEdge& edge : architecture.edges()) {
      graph_.edges.push_back({edge.from(), edge.to()});
      names_.push_back(edge.operation());
      operations_.push_back({children->register_module(
          std::to_string(operations_.size()),
          MakeEdgeOperation(edge.operation(), cell_shape.channels,
                            EdgeStride(cell_shape, edge.from()), backend, generator))});
    }
  }

  /// Returns `[N,4C,H',W']`.
  at::Tensor Forward(const at::Tensor& input0, const at::Tensor& input1,
                     const ForwardContext& context) const {
    // The chosen operations, each with the weight 1, are computed as a mixed cell.
    return nn::MixedNodes(graph_, operations_,
                          preprocessing_.Forward(input0, input1, context, backend_),
                          /*probabilities=*/{}, context, backend_);
  }

  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue input0,
                      GraphValue input1) const {
    return builder->Module(
        path, type_, {input0, input1}, [&](const std::vector<GraphValue>& inputs) {
          const auto preprocess = [&](const char* name, const nn::Operation& operation,
                                      GraphValue x) {
            const GraphBuilder::Place place(builder, name);
            return operation.Describe(builder, name, x);
          };
          return nn::DescribeNodes(graph_, operations_, names_, kOperations,
                                   {preprocess("preprocess0", *preprocessing_.input0, inputs[0]),
                                    preprocess("preprocess1", *preprocessing_.input1, inputs[1])},
                                   builder);
        });
  }

 private:
  static constexpr char kOperations[] = "_ops";

  const Backend backend_;
  const std::string type_;  ///< the name of its type in a description (GraphBuilder::Module)
  Preprocessing preprocessing_;
  nn::MixedGraph graph_;
  std::vector<std::string> names_;              ///< name of the operation of each edge
  std::vector<nn::EdgeOperations> operations_;  ///< one for each edge
};

/// A convolution without bias, followed by a batch normalization.
struct ConvolutionAndNorm {
  /// Children of `parent`: the convolution is `index`, the batch normalization is `index + 1`.
  ConvolutionAndNorm(torch::nn::Module& parent, int index, nn::ConvolutionOptions options,
                     const Backend& backend, const at::Generator& generator) {
    convolution = parent.register_module(std::to_string(index),
                                         std::make_shared<nn::Convolution>(options, generator));
    batch_norm = parent.register_module(
        std::to_string(index + 1),
        std::make_shared<nn::BatchNorm>(options.out_channels, /*affine=*/true, backend));
  }

  at::Tensor Forward(const at::Tensor& x, const ForwardContext& context) const {
    return batch_norm->Forward(convolution->Forward(x), context);
  }

  /// Describes both as the layers `index` and `index + 1` of the child `list` of the open module.
  GraphValue Describe(GraphBuilder* builder, absl::string_view list, int index,
                      GraphValue x) const {
    return batch_norm->Describe(builder, absl::StrCat(list, ".", index + 1),
                                convolution->Describe(builder, absl::StrCat(list, ".", index), x));
  }

  std::shared_ptr<nn::Convolution> convolution;
  std::shared_ptr<nn::BatchNorm> batch_norm;
};

nn::ConvolutionOptions Stem3x3(int64_t in_channels, int64_t out_channels, int64_t stride) {
  nn::ConvolutionOptions options{in_channels, out_channels, /*kernel=*/3, stride};
  options.padding = 1;
  return options;
}

/// ReLU, 5x5 pooling to 2x2, two convolutions and a classifier: the logits of an 8x8 or 7x7 image.
class AuxiliaryHead : public torch::nn::Module {
 public:
  AuxiliaryHead(int64_t channels, int64_t pool_stride, int classes, const Backend& backend,
                const at::Generator& generator)
      : pool_stride_(pool_stride),
        features_(register_module("features", std::make_shared<torch::nn::Module>())),
        pointwise_(*features_, 2, {channels, kMiddle}, backend, generator),
        square_(*features_, 5, {kMiddle, kOut, /*kernel=*/2}, backend, generator),
        classifier_(register_module("classifier",
                                    std::make_shared<nn::Linear>(kOut, classes, generator))) {}

  /// `[N,C,H,W]` -> `[N,classes]`.
  at::Tensor Forward(const at::Tensor& x, const ForwardContext& context) const {
    // [N,C,2,2]; from here on with the type of the parameters.
    at::Tensor y =
        nn::AveragePool(nn::ActivationStorage(x).ForSum(at::relu(x)), kPool, pool_stride_, 0);
    y = at::relu(pointwise_.Forward(y, context));
    y = at::relu(square_.Forward(y, context));  // [N,768,1,1]
    return classifier_->Forward(y.flatten(1));
  }

  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const {
    return builder->Module(path, "AuxiliaryHead", {x}, [&](const std::vector<GraphValue>& inputs) {
      graph::Pool pool;
      pool.kind = graph::Pool::Kind::kAverage;
      pool.kernel = kPool;
      pool.stride = pool_stride_;
      GraphValue y = builder->Add("features.0", graph::Relu{}, {inputs[0]});
      y = builder->Add("features.1", pool, {y});
      y = pointwise_.Describe(builder, "features", 2, y);
      y = builder->Add("features.4", graph::Relu{}, {y});
      y = square_.Describe(builder, "features", 5, y);
      y = builder->Add("features.7", graph::Relu{}, {y});
      return classifier_->Describe(builder, "classifier", builder->Add("", graph::Flatten{}, {y}));
    });
  }

 private:
  static constexpr int64_t kPool = 5;
  static constexpr int64_t kMiddle = 128;
  static constexpr int64_t kOut = 768;

  const int64_t pool_stride_;
  const std::shared_ptr<torch::nn::Module> features_;
  const ConvolutionAndNorm pointwise_;
  const ConvolutionAndNorm square_;
  const std::shared_ptr<nn::Linear> classifier_;
};

/// Cells, classifier and auxiliary head. Skeletons add the layers before and after the cells.
class DerivedNetwork : public Network {
 protected:
  /// The constructor of a skeleton calls it last, after it has registered its stem.
  void AddCells(const Architecture& architecture, const NetworkShape& shape, int64_t stem_channels,
                bool stem_reduces, int64_t auxiliary_pool_stride, const at::Generator& generator) {
    const std::vector<CellShape> cell_shapes =
        ShapesOfCells(shape.cells, shape.channels, stem_channels, stem_reduces);
    const auto cells = register_module("cells", std::make_shared<torch::nn::Module>());
    for (const CellShape& cell_shape : cell_shapes) {
      cells_.push_back(cells->register_module(
          std::to_string(cells_.size()),
          std::make_shared<DerivedCell>(cell_shape, architecture.cells(cell_shape.kind()),
                                        shape.backend, generator)));
    }
    backend_ = shape.backend;
    auxiliary_cell_ = 2 * shape.cells / 3;
    if (shape.auxiliary_head) {
      auxiliary_head_ = register_module(
          "auxiliary_head", std::make_shared<AuxiliaryHead>(
                                cell_shapes[auxiliary_cell_].out_channels(), auxiliary_pool_stride,
                                shape.classes, shape.backend, generator));
    }
    classifier_ = register_module(
        "classifier",
        std::make_shared<nn::Linear>(cell_shapes.back().out_channels(), shape.classes, generator));
  }

 private:
  /// The inputs 0 and 1 of cell 0.
  virtual std::pair<at::Tensor, at::Tensor> Stem(const at::Tensor& images,
                                                 const ForwardContext& context) const = 0;
  /// `[N,C,H,W]` -> `[N,C]`.
  virtual at::Tensor Pool(const at::Tensor& x) const = 0;
  /// Describe the computations of Stem and Pool.
  virtual std::pair<GraphValue, GraphValue> DescribeStem(GraphBuilder* builder) const = 0;
  virtual GraphValue DescribePool(GraphBuilder* builder, GraphValue x) const = 0;

  GraphOutput DoDescribe(GraphBuilder* builder) const final {
    GraphOutput output;
    auto [input0, input1] = DescribeStem(builder);
    for (size_t i = 0; i < cells_.size(); ++i) {
      const GraphBuilder::Place place(builder, absl::StrCat("cell_", i));
      const GraphValue out =
          cells_[i]->Describe(builder, absl::StrCat("cells.", i), input0, input1);
      input0 = std::exchange(input1, out);
      if (static_cast<int>(i) == auxiliary_cell_ && auxiliary_head_) {
        const GraphBuilder::Place head(builder, "auxiliary_head");
        output.auxiliary = auxiliary_head_->Describe(builder, "auxiliary_head", input1);
      }
    }
    const GraphBuilder::Place place(builder, "classifier");
    output.logits = classifier_->Describe(builder, "classifier", DescribePool(builder, input1));
    return output;
  }

  NetworkOutput DoForward(const at::Tensor& images, const ForwardContext& context) final {
    NetworkOutput output;
    // The fused cells work on channels-last values. LibTorch's convolution then also works on them.
    auto [input0, input1] =
        Stem(backend_.channels_last() ? images.contiguous(at::MemoryFormat::ChannelsLast) : images,
             context);
    const bool same = input1.is_same(input0);
    input0 = nn::AsStored(input0, backend_.storage);
    input1 = same ? input0 : nn::AsStored(input1, backend_.storage);
    for (size_t i = 0; i < cells_.size(); ++i) {
      const nn::MacPart part(absl::StrCat("cells.", i));
      at::Tensor out = cells_[i]->Forward(input0, input1, context.At(static_cast<int64_t>(i)));
      input0 = std::exchange(input1, std::move(out));
      if (static_cast<int>(i) == auxiliary_cell_ && auxiliary_head_ && is_training()) {
        output.auxiliary = auxiliary_head_->Forward(input1, context);
      }
    }
    output.logits = classifier_->Forward(Pool(input1));
    return output;
  }

  Backend backend_;
  std::vector<std::shared_ptr<DerivedCell>> cells_;
  int auxiliary_cell_ = 0;
  std::shared_ptr<AuxiliaryHead> auxiliary_head_;
  std::shared_ptr<nn::Linear> classifier_;
};

class CifarNetwork : public DerivedNetwork {
 public:
  CifarNetwork(const Architecture& architecture, const NetworkShape& shape,
               const at::Generator& generator)
      : stem_children_(register_module("stem", std::make_shared<torch::nn::Module>())),
        stem_(*stem_children_, 0,
              Stem3x3(shape.image.channels, kCifarStemMultiplier * shape.channels, /*stride=*/1),
              shape.backend, generator) {
    AddCells(architecture, shape, kCifarStemMultiplier * shape.channels, /*stem_reduces=*/false,
             /*auxiliary_pool_stride=*/3, generator);
  }

 private:
  std::pair<at::Tensor, at::Tensor> Stem(const at::Tensor& images,
                                         const ForwardContext& context) const override {
    const at::Tensor stem = stem_.Forward(images, context);
    return {stem, stem};
  }
  at::Tensor Pool(const at::Tensor& x) const override { return nn::GlobalAveragePool(x); }
  std::pair<GraphValue, GraphValue> DescribeStem(GraphBuilder* builder) const override {
    const GraphBuilder::Place place(builder, "stem");
    const GraphValue stem = stem_.Describe(builder, "stem", 0, builder->images());
    return {stem, stem};
  }
  GraphValue DescribePool(GraphBuilder* builder, GraphValue x) const override {
    return builder->Add("", graph::GlobalAveragePool{}, {x});
  }

  const std::shared_ptr<torch::nn::Module> stem_children_;
  const ConvolutionAndNorm stem_;
};

class ImageNetNetwork : public DerivedNetwork {
 public:
  ImageNetNetwork(const Architecture& architecture, const NetworkShape& shape,
                  const at::Generator& generator)
      : stem0_children_(register_module("stem0", std::make_shared<torch::nn::Module>())),
        stem0_first_(*stem0_children_, 0,
                     Stem3x3(shape.image.channels, shape.channels / 2, /*stride=*/2), shape.backend,
                     generator),
        stem0_second_(*stem0_children_, 3,
                      Stem3x3(shape.channels / 2, shape.channels, /*stride=*/2), shape.backend,
                      generator),
        stem1_children_(register_module("stem1", std::make_shared<torch::nn::Module>())),
        stem1_(*stem1_children_, 1, Stem3x3(shape.channels, shape.channels, /*stride=*/2),
               shape.backend, generator) {
    AddCells(architecture, shape, shape.channels, /*stem_reduces=*/true,
             /*auxiliary_pool_stride=*/2, generator);
  }

 private:
  std::pair<at::Tensor, at::Tensor> Stem(const at::Tensor& images,
                                         const ForwardContext& context) const override {
    const at::Tensor half = stem0_first_.Forward(images, context);
    const at::Tensor stem0 = stem0_second_.Forward(at::relu(half), context);
    return {stem0, stem1_.Forward(at::relu(stem0), context)};
  }
  at::Tensor Pool(const at::Tensor& x) const override {
    return nn::AveragePool(nn::ActivationStorage(x).ForSum(x), kImageNetPool, kImageNetPool, 0)
        .flatten(1);
  }
  std::pair<GraphValue, GraphValue> DescribeStem(GraphBuilder* builder) const override {
    const GraphBuilder::Place place(builder, "stem");
    GraphValue half = stem0_first_.Describe(builder, "stem0", 0, builder->images());
    half = builder->Add("stem0.2", graph::Relu{}, {half});
    const GraphValue stem0 = stem0_second_.Describe(builder, "stem0", 3, half);
    const GraphValue positive = builder->Add("stem1.0", graph::Relu{}, {stem0});
    return {stem0, stem1_.Describe(builder, "stem1", 1, positive)};
  }
  GraphValue DescribePool(GraphBuilder* builder, GraphValue x) const override {
    graph::Pool pool;
    pool.kind = graph::Pool::Kind::kAverage;
    pool.kernel = kImageNetPool;
    pool.stride = kImageNetPool;
    return builder->Add("", graph::Flatten{}, {builder->Add("", pool, {x})});
  }

  const std::shared_ptr<torch::nn::Module> stem0_children_;
  const ConvolutionAndNorm stem0_first_;
  const ConvolutionAndNorm stem0_second_;
  const std::shared_ptr<torch::nn::Module> stem1_children_;
  const ConvolutionAndNorm stem1_;
};

absl::Status CheckHead(const NetworkShape& shape, int side) {
  if (!shape.auxiliary_head) return absl::OkStatus();
  if (shape.image.height != side || shape.image.width != side) {
    return absl::InvalidArgumentError(
        absl::StrCat("images of ", shape.image.height, "x", shape.image.width,
                     ": the auxiliary head of the ", shape.skeleton, " skeleton takes ", side, "x",
                     side, "; train.auxiliary_weight: 0 builds no auxiliary head"));
  }
  if (shape.cells < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("cells: ", shape.cells,
                     ": the auxiliary head needs both reduction cells, so "
                     "at least 2 cells"));
  }
  return absl::OkStatus();
}

absl::Status CheckImageNet(const NetworkShape& shape) {
  for (int side : {shape.image.height, shape.image.width}) {
    const int pooled = side / kImageNetReduction;
    if (side % kImageNetReduction != 0 || pooled < kImageNetPool || pooled >= 2 * kImageNetPool) {
      return absl::InvalidArgumentError(
          absl::StrCat("images of ", shape.image.height, "x", shape.image.width,
                       ": the imagenet skeleton takes sides divisible by ", kImageNetReduction,
                       " from ", kImageNetPool * kImageNetReduction, " to ",
                       (2 * kImageNetPool - 1) * kImageNetReduction));
    }
  }
  if (shape.channels % 2 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("channels: ", shape.channels,
                     " is odd: the imagenet skeleton's first convolution has half of them"));
  }
  if (shape.cells < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("cells: ", shape.cells,
                     ": the imagenet skeleton needs at least 2 cells, both "
                     "of which reduce"));
  }
  return CheckHead(shape, kImageNetImage);
}

}  // namespace

OperationPlaces DerivedOperationPlaces(const NetworkShape& shape) {
  const bool imagenet = shape.skeleton == kImageNetSkeleton;
  OperationPlaces places;
  for (const CellKind& kind : DartsTopology().kinds) places.emplace_back(kind.edges.size());
  ImageShape input = shape.image;
  if (imagenet) {
    input.height /= kImageNetStemReduction;
    input.width /= kImageNetStemReduction;
  }
  // The operations of the cells do not depend on the channels of the stem.
  for (const CellShape& cell_shape :
       ShapesOfCells(shape.cells, shape.channels, shape.channels, /*stem_reduces=*/imagenet)) {
    input.channels = static_cast<int>(cell_shape.channels);
    ImageShape inner = input;  // the image shape of the nodes
    if (cell_shape.reduces) {
      inner.height /= 2;
      inner.width /= 2;
    }
    const CellKind& kind = DartsTopology().kinds[cell_shape.kind()];
    for (size_t e = 0; e < kind.edges.size(); ++e) {
      const int from = kind.edges[e].from;
      nn::AddPlace(from < kInputNodes ? input : inner,
                   static_cast<int>(EdgeStride(cell_shape, from)), &places[cell_shape.kind()][e]);
    }
    input = inner;
  }
  return places;
}

std::shared_ptr<Network> MakeDerivedOperation(absl::string_view operation,
                                              const OperationPlace& place,
                                              const NetworkShape& shape, at::Generator generator) {
  return nn::MakeOperationNetwork(MakeEdgeOperation(operation, place.input.channels, place.stride,
                                                    shape.backend, std::move(generator)),
                                  shape.backend);
}

absl::StatusOr<std::shared_ptr<Network>> MakeDerivedNetwork(const Architecture& architecture,
                                                            const NetworkShape& shape,
                                                            at::Generator generator) {
  if (shape.skeleton == kImageNetSkeleton) {
    PDARTS_RETURN_IF_ERROR(CheckImageNet(shape));
    return std::make_shared<ImageNetNetwork>(architecture, shape, generator);
  }
  CHECK_EQ(shape.skeleton, kCifarSkeleton);
  PDARTS_RETURN_IF_ERROR(CheckImageSides(shape.image));
  PDARTS_RETURN_IF_ERROR(CheckHead(shape, kCifarImage));
  return std::make_shared<CifarNetwork>(architecture, shape, generator);
}

}  // namespace pdarts::darts
