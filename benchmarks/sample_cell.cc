#include "benchmarks/sample_cell.h"

#include <algorithm>
#include <utility>

#include "ATen/ops/randn.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/core/random.h"

namespace pdarts::nn {
namespace {

/// An operation of a space, before its weights are made.
struct Sample {
  std::string name;
  CellOperation::Kind kind = CellOperation::Kind::kConvolution;
  /// For pools: whether a batch normalization follows.
  bool normalizes = false;
  /// For convolutions.
  int steps = 1;
  ConvolutionKind convolution = ConvolutionKind::kSeparable;
  int64_t kernel = 3;
  int64_t dilation = 1;
};

struct SampleSpace {
  std::string name;
  int num_inputs = 0;
  int num_nodes = 0;
  std::vector<int> output_nodes;
  std::vector<Sample> operations;
};

const std::vector<SampleSpace>& Spaces() {
  using Kind = CellOperation::Kind;
  static const auto* const spaces = new std::vector<SampleSpace>{
      {"darts",
       2,
       6,
       {2, 3, 4, 5},
       {{"max_pool_3x3", Kind::kMaxPool, true},
        {"avg_pool_3x3", Kind::kAveragePool, true},
        {"skip_connect", Kind::kIdentity},
        {"sep_conv_3x3", Kind::kConvolution, false, 2, ConvolutionKind::kSeparable, 3, 1},
        {"sep_conv_5x5", Kind::kConvolution, false, 2, ConvolutionKind::kSeparable, 5, 1},
        {"dil_conv_3x3", Kind::kConvolution, false, 1, ConvolutionKind::kSeparable, 3, 2},
        {"dil_conv_5x5", Kind::kConvolution, false, 1, ConvolutionKind::kSeparable, 5, 2}}},
      {"nasbench201",
       1,
       4,
       {3},
       {{"skip_connect", Kind::kIdentity},
        {"nor_conv_1x1", Kind::kConvolution, false, 1, ConvolutionKind::kPointwise, 1, 1},
        {"nor_conv_3x3", Kind::kConvolution, false, 1, ConvolutionKind::kDense, 3, 1},
        {"avg_pool_3x3", Kind::kAveragePool, false}}}};
  return *spaces;
}

const SampleSpace* FindSpace(absl::string_view name) {
  for (const SampleSpace& space : Spaces()) {
    if (space.name == name) return &space;
  }
  return nullptr;
}

at::Tensor Random(at::IntArrayRef sizes) { return at::randn(sizes, MakeGenerator(1, "benchmark")); }

CellOperation MakeOperation(const Sample& sample, int64_t channels,
                            std::vector<at::Tensor>* weights) {
  CellOperation operation;
  operation.kind = sample.kind;
  if (sample.normalizes) operation.batch_norm.emplace();
  if (sample.kind != CellOperation::Kind::kConvolution) return operation;
  const auto weight = [&](at::IntArrayRef sizes) {
    weights->push_back(Random(sizes));
    return weights->back();
  };
  for (int step = 0; step < sample.steps; ++step) {
    ReluConvolution convolution;
    convolution.kind = sample.convolution;
    convolution.dilation = sample.dilation;
    const int64_t k = sample.kernel;
    if (sample.convolution == ConvolutionKind::kSeparable) {
      convolution.depthwise = weight({channels, 1, k, k});
      convolution.weight = weight({channels, channels, 1, 1});
    } else {
      convolution.weight = weight({channels, channels, k, k});
      convolution.bias = weight({channels});
    }
    operation.chain.push_back({convolution, BatchNormArgs()});
  }
  return operation;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SampleOperations(absl::string_view space) {
  const SampleSpace* const found = FindSpace(space);
  if (found == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("no sample cell of the space \"", space, "\"; known: darts, nasbench201"));
  }
  std::vector<std::string> names;
  for (const Sample& sample : found->operations) names.push_back(sample.name);
  return names;
}

SampleCell MakeSampleCell(const SampleCellShape& shape,
                          const std::vector<std::string>& operations) {
  const SampleSpace* const space = FindSpace(shape.space);
  CHECK(space != nullptr) << shape.space;
  SampleCell cell;
  cell.args.num_inputs = space->num_inputs;
  cell.args.num_nodes = space->num_nodes;
  cell.args.output_nodes = space->output_nodes;
  cell.args.channels = shape.channels;
  cell.args.height = cell.args.width = shape.side;
  for (int i = 0; i < space->num_inputs; ++i) {
    cell.inputs.push_back(Random({shape.images, shape.channels, shape.side, shape.side})
                              .to(shape.storage)
                              .contiguous(at::MemoryFormat::ChannelsLast));
  }
  int64_t coefficients = 0;
  for (int to = space->num_inputs; to < space->num_nodes; ++to) {
    for (int from = 0; from < to; ++from) {
      CellEdge edge{from, to, {}, {}};
      for (const std::string& name : operations) {
        const auto sample =
            std::find_if(space->operations.begin(), space->operations.end(),
                         [&](const Sample& candidate) { return candidate.name == name; });
        CHECK(sample != space->operations.end()) << name;
        edge.operations.push_back(MakeOperation(*sample, shape.channels, &cell.weights));
        edge.operations.back().coefficient = coefficients++;
      }
      cell.args.edges.push_back(std::move(edge));
    }
  }
  cell.coefficients = Random({coefficients}).softmax(0);
  return cell;
}

}  // namespace pdarts::nn
