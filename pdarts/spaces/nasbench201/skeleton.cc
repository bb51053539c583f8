#include "pdarts/spaces/nasbench201/skeleton.h"

#include <utility>

#include "ATen/ops/relu.h"
#include "absl/strings/str_cat.h"

namespace pdarts::nasbench201 {
namespace {

/// Halves the sides of the image and doubles the channels, with two convolutions and a shortcut
/// around them.
class ResidualBlock : public Block {
 public:
  ResidualBlock(int64_t in_channels, int64_t out_channels, const Backend& backend,
                const at::Generator& generator) {
    const auto make = [&](int64_t from, int64_t stride) {
      return nn::MakeReluConvBn(from, out_channels, /*kernel=*/3, stride, /*bias=*/false,
                                /*affine=*/true, backend, generator);
    };
    conv_a_ = register_module("conv_a", make(in_channels, /*stride=*/2));
    conv_b_ = register_module("conv_b", make(out_channels, /*stride=*/1));
    const auto shortcut = register_module("downsample", std::make_shared<torch::nn::Module>());
    shortcut_ = shortcut->register_module(
        "1", std::make_shared<nn::Convolution>(nn::ConvolutionOptions{in_channels, out_channels},
                                               generator));
  }

  /// `[N,C,H,W]` -> `[N,2C,H/2,W/2]`.
  at::Tensor Forward(const at::Tensor& x, const at::Tensor&,
                     const ForwardContext& context) const override {
    return shortcut_->Forward(nn::AveragePool(x, kPool, kPool, 0)) +
           conv_b_->Forward(conv_a_->Forward(x, context), context);
  }

  GraphValue Describe(GraphBuilder* builder, absl::string_view path, GraphValue x) const override {
    return builder->Module(path, "ResidualBlock", {x}, [&](const std::vector<GraphValue>& inputs) {
      graph::Pool pool;
      pool.kind = graph::Pool::Kind::kAverage;
      pool.kernel = kPool;
      pool.stride = kPool;
      const auto shortcut = [&] {
        const GraphBuilder::Place place(builder, "downsample");
        return shortcut_->Describe(builder, "downsample.1",
                                   builder->Add("downsample.0", pool, {inputs[0]}));
      };
      const auto convolve = [&](const char* name, const nn::Operation& operation, GraphValue in) {
        const GraphBuilder::Place place(builder, name);
        return operation.Describe(builder, name, in);
      };
      const GraphValue around = shortcut();
      const GraphValue through =
          convolve("conv_b", *conv_b_, convolve("conv_a", *conv_a_, inputs[0]));
      return builder->Add("", graph::Sum{}, {around, through});
    });
  }

 private:
  static constexpr int64_t kPool = 2;

  std::shared_ptr<nn::Operation> conv_a_;
  std::shared_ptr<nn::Operation> conv_b_;
  std::shared_ptr<nn::Convolution> shortcut_;
};

}  // namespace

std::shared_ptr<nn::Operation> MakeCellOperation(absl::string_view name, int64_t channels,
                                                 bool affine, const Backend& backend,
                                                 const at::Generator& generator) {
  for (const int64_t kernel : {1, 3}) {
    if (name == absl::StrCat("nor_conv_", kernel, "x", kernel)) {
      return nn::MakeReluConvBn(channels, channels, kernel, /*stride=*/1, /*bias=*/!affine, affine,
                                backend, generator);
    }
  }
  nn::OperationOptions options;
  options.channels = channels;
  options.affine = affine;
  options.backend = backend;
  options.generator = generator;
  return nn::MakeOperation(name, options);
}

absl::Status CheckImageSides(const ImageShape& image) { return CheckSidesDivisible(image, 4); }

Skeleton::Skeleton(torch::nn::Module& network, const Options& options, const MakeCell& make_cell)
    : backend_(options.backend) {
  const at::Generator& generator = options.generator;
  int64_t channels = options.channels;
  const auto stem = network.register_module("stem", std::make_shared<torch::nn::Module>());
  nn::ConvolutionOptions convolution{options.image.channels, channels, /*kernel=*/3};
  convolution.padding = 1;
  stem_convolution_ =
      stem->register_module("0", std::make_shared<nn::Convolution>(convolution, generator));
  stem_batch_norm_ = stem->register_module(
      "1", std::make_shared<nn::BatchNorm>(channels, /*affine=*/true, backend_));
  const auto cells = network.register_module("cells", std::make_shared<torch::nn::Module>());
  for (int block = 0; block < kBlocks; ++block) {
    if (block > 0) {
      cells_.push_back(cells->register_module(
          absl::StrCat(cells_.size()),
          std::make_shared<ResidualBlock>(channels, 2 * channels, backend_, generator)));
      channels *= 2;
    }
    for (int i = 0; i < options.cells_per_block; ++i) {
      cells_.push_back(cells->register_module(absl::StrCat(cells_.size()), make_cell(channels)));
    }
  }
  const auto last = network.register_module("lastact", std::make_shared<torch::nn::Module>());
  last_batch_norm_ = last->register_module(
      "0", std::make_shared<nn::BatchNorm>(channels, /*affine=*/true, backend_));
  classifier_ = network.register_module(
      "classifier", std::make_shared<nn::Linear>(channels, options.classes, generator));
}

at::Tensor Skeleton::Forward(const at::Tensor& images, const at::Tensor& probabilities,
                             const ForwardContext& context) const {
  // The fused cells work on channels-last values. LibTorch's convolution then also works on them.
  const at::Tensor input =
      backend_.channels_last() ? images.contiguous(at::MemoryFormat::ChannelsLast) : images;
  at::Tensor x = nn::AsStored(stem_batch_norm_->Forward(stem_convolution_->Forward(input), context),
                              backend_.storage);
  for (size_t i = 0; i < cells_.size(); ++i) {
    const nn::MacPart part(absl::StrCat("cells.", i));
    x = cells_[i]->Forward(x, probabilities, context.At(static_cast<int64_t>(i)));
  }
  x = at::relu(last_batch_norm_->Forward(x, context));
  return classifier_->Forward(nn::GlobalAveragePool(x));
}

GraphValue Skeleton::Describe(GraphBuilder* builder) const {
  GraphValue x;
  {
    const GraphBuilder::Place place(builder, "stem");
    x = stem_batch_norm_->Describe(
        builder, "stem.1", stem_convolution_->Describe(builder, "stem.0", builder->images()));
  }
  for (size_t i = 0; i < cells_.size(); ++i) {
    const GraphBuilder::Place place(builder, absl::StrCat("cell_", i));
    x = cells_[i]->Describe(builder, absl::StrCat("cells.", i), x);
  }
  const GraphBuilder::Place place(builder, "classifier");
  x = builder->Add("lastact.1", graph::Relu{},
                   {last_batch_norm_->Describe(builder, "lastact.0", x)});
  return classifier_->Describe(builder, "classifier",
                               builder->Add("", graph::GlobalAveragePool{}, {x}));
}

}  // namespace pdarts::nasbench201
