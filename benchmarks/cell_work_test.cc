#include "benchmarks/cell_work.h"

#include <string>
#include <vector>

#include "ATen/ops/ones.h"
#include "ATen/ops/zeros.h"
#include "benchmarks/sample_cell.h"
#include "gtest/gtest.h"

namespace pdarts::nn {
namespace {

constexpr int64_t kImages = 2, kChannels = 4, kSide = 4;
constexpr double kPixels = kImages * kSide * kSide;
constexpr double kValues = kPixels * kChannels;

/// A cell with one input and `nodes` nodes after it, which together are its output. An edge with
/// this operation leads from the input to each node.
MixedCellArgs CellOf(const CellOperation& operation, int nodes) {
  MixedCellArgs cell;
  cell.num_inputs = 1;
  cell.num_nodes = 1 + nodes;
  cell.channels = kChannels;
  cell.height = cell.width = kSide;
  for (int node = 1; node <= nodes; ++node) {
    cell.output_nodes.push_back(node);
    cell.edges.push_back({0, node, {operation}, {}});
  }
  return cell;
}

CellOperation SeparableConvolution(int64_t kernel) {
  CellOperation operation;
  operation.kind = CellOperation::Kind::kConvolution;
  for (int step = 0; step < 2; ++step) {
    ReluConvolution convolution;
    convolution.depthwise = at::zeros({kChannels, 1, kernel, kernel});
    convolution.weight = at::zeros({kChannels, kChannels, 1, 1});
    operation.chain.push_back({convolution, BatchNormArgs()});
  }
  return operation;
}

CellWork CountFor(const MixedCellArgs& cell, c10::ScalarType type = c10::kFloat) {
  return Count(cell, {at::zeros({kImages, kChannels, kSide, kSide}, type)});
}

void ExpectTensors(const PassWork& work, double read, double written, double bytes = 4) {
  EXPECT_EQ(work.read_bytes, bytes * read * kValues);
  EXPECT_EQ(work.written_bytes, bytes * written * kValues);
}

TEST(CellWorkTest, Identity) {
  const CellWork work = CountFor(CellOf(CellOperation(), 1));
  ExpectTensors(work.forward, 1, 1);  // reads the input; writes the node
  EXPECT_EQ(work.forward.other, kValues);
  ExpectTensors(work.weights, 1, 1);  // reads and writes a gradient
  EXPECT_EQ(work.weights.other, kValues);
  // The gradient of the coefficient is the sum of the gradient times the input.
  ExpectTensors(work.alphas, 3, 1);
  EXPECT_EQ(work.alphas.other, 2 * kValues);
  for (const PassWork& pass : {work.forward, work.weights, work.alphas}) {
    EXPECT_EQ(pass.matrix, 0);
    EXPECT_EQ(pass.recomputed, 0);
  }
}

TEST(CellWorkTest, MaskOfAnIdentityIsABytePerValue) {
  CellOperation dropout;
  dropout.dropout_mask = at::ones({kImages, kChannels, kSide, kSide}, at::kByte);
  const CellWork work = CountFor(CellOf(dropout, 1));
  EXPECT_EQ(work.forward.read_bytes, (4 + 1) * kValues);
  EXPECT_EQ(work.weights.read_bytes, (4 + 1) * kValues);
  EXPECT_EQ(work.alphas.read_bytes, (3 * 4 + 2) * kValues);
}

TEST(CellWorkTest, ChainOfTwoConvolutions) {
  constexpr double kArea = 9;
  const CellWork work = CountFor(CellOf(SeparableConvolution(3), 1));
  // Reads the input and both pre-normalization values. Writes these values and the node.
  ExpectTensors(work.forward, 3, 3);
  EXPECT_EQ(work.forward.matrix, 2 * kPixels * kChannels * kChannels);
  // The depthwise convolutions, the statistics, the normalization between the steps, and the term
  // of the node.
  EXPECT_EQ(work.forward.other, (2 * kArea + 2 * 2 + 1 + 1) * kValues);
  EXPECT_EQ(work.forward.recomputed, 0);

  // The sums of the node read the gradient and the second pre-normalization value. The second
  // convolution reads these two and the first value, and writes the gradient between the
  // convolutions. The first convolution reads that gradient, the first value and the input, and
  // writes the gradient of the input.
  ExpectTensors(work.weights, 8, 2);
  ExpectTensors(work.alphas, 8, 2);
  EXPECT_EQ(work.weights.matrix, 2 * work.forward.matrix);
  EXPECT_EQ(work.alphas.matrix, work.forward.matrix);
  // The sums of the node, two gradients before a normalization, and the sums between the
  // convolutions.
  constexpr double kNormalization = 3 + 2 * 2 + 3;
  EXPECT_EQ(work.weights.other, (2 * 2 * kArea + kNormalization) * kValues);
  EXPECT_EQ(work.alphas.other, (2 * kArea + kNormalization) * kValues);
  // The value between the steps is normalized again. For the weights, it is normalized twice, and
  // both depthwise results are computed again.
  EXPECT_EQ(work.weights.recomputed, (2 * kArea + 2) * kValues);
  EXPECT_EQ(work.alphas.recomputed, kValues);
}

TEST(CellWorkTest, EdgesShareAPool) {
  CellOperation pool;
  pool.kind = CellOperation::Kind::kMaxPool;
  pool.batch_norm.emplace();
  const CellWork work = CountFor(CellOf(pool, 2));
  // Reads the input once, and the pooled value for each node. Writes the pooled value once, and the
  // nodes.
  ExpectTensors(work.forward, 3, 3);
  EXPECT_EQ(work.forward.other, (4 + 2 + 2) * kValues);
  // The sums read two gradients, and the pooled value for each of them. The pool reads the
  // gradients, the pooled value and the input.
  ExpectTensors(work.weights, 8, 1);
  EXPECT_EQ(work.weights.other, (2 * 3 + 3 + 4) * kValues);
}

TEST(CellWorkTest, OnlyOneTermOfASharedPoolIsNormalized) {
  CellOperation pool;
  pool.kind = CellOperation::Kind::kAveragePool;
  MixedCellArgs cell = CellOf(pool, 2);
  cell.edges[1].operations[0].batch_norm.emplace();
  const CellWork work = CountFor(cell);
  ExpectTensors(work.forward, 3, 3);
  EXPECT_EQ(work.forward.other, (4 + 2 + 2) * kValues);
  // The sums of the normalized term read the gradient of its node and the pooled value. The pool
  // reads both gradients and the pooled value.
  ExpectTensors(work.weights, 5, 1);
  EXPECT_EQ(work.weights.other, (3 + 3 + 4) * kValues);
  // The sum of the other term, for its coefficient, also reads a gradient and the pooled value.
  ExpectTensors(work.alphas, 7, 1);
  EXPECT_EQ(work.alphas.other, (3 + 1 + 3 + 4) * kValues);
}

TEST(CellWorkTest, FactorizedReductionMultipliesEachWeightOnceForEachPixel) {
  ReluConvolution convolution;
  convolution.kind = ConvolutionKind::kFactorizedReduce;
  convolution.stride = 2;
  convolution.weight = at::zeros({kChannels / 2, kChannels, 1, 1});
  convolution.second_weight = at::zeros({kChannels / 2, kChannels, 1, 1});
  CellOperation reduction;
  reduction.kind = CellOperation::Kind::kConvolution;
  reduction.chain.push_back({convolution, BatchNormArgs()});
  MixedCellArgs cell = CellOf(reduction, 1);
  cell.height = cell.width = kSide / 2;
  const CellWork work = CountFor(cell);
  // A node has a quarter of the pixels of the input. Reads the input and the pre-normalization
  // value. Writes this value and the node.
  ExpectTensors(work.forward, 1 + 0.25, 2 * 0.25);
  EXPECT_EQ(work.forward.matrix, kPixels / 4 * kChannels * kChannels);
  EXPECT_EQ(work.weights.matrix, 2 * work.forward.matrix);
}

TEST(CellWorkTest, InnerNodeIsNotReadByItsConvolutions) {
  CellOperation pool;
  pool.kind = CellOperation::Kind::kAveragePool;
  MixedCellArgs cell = CellOf(pool, 1);
  cell.num_nodes = 3;
  cell.edges.push_back({1, 2, {pool}, {}});
  cell.output_nodes = {2};
  const CellWork work = CountFor(cell);
  // Reads the input and both pooled values. Writes the pooled values and both nodes.
  ExpectTensors(work.forward, 3, 4);
  // The gradient of node 2 is read once. The gradient of node 1 is written and read.
  ExpectTensors(work.weights, 2, 2);
}

TEST(CellWorkTest, Bfloat16HalvesTheBytesAlone) {
  const MixedCellArgs cell = CellOf(SeparableConvolution(5), 1);
  const CellWork single = CountFor(cell), half = CountFor(cell, c10::kBFloat16);
  ExpectTensors(half.forward, 3, 3, 2);
  ExpectTensors(half.weights, 8, 2, 2);
  EXPECT_EQ(half.forward.matrix, single.forward.matrix);
  EXPECT_EQ(half.weights.other, single.weights.other);
  EXPECT_EQ(half.weights.recomputed, single.weights.recomputed);
}

TEST(CellWorkTest, SampleCells) {
  SampleCellShape shape;
  shape.images = kImages;
  shape.channels = kChannels;
  shape.side = kSide;
  const SampleCell darts = MakeSampleCell(shape, SampleOperations("darts").value());
  EXPECT_EQ(darts.args.edges.size(), 14u);
  EXPECT_EQ(darts.coefficients.numel(), 14 * 7);
  const CellWork work = Count(darts.args, darts.inputs);
  // Six convolutions for each edge.
  EXPECT_EQ(work.forward.matrix, 14 * 6 * kPixels * kChannels * kChannels);

  shape.space = "nasbench201";
  shape.storage = c10::kBFloat16;
  const SampleCell dense = MakeSampleCell(shape, SampleOperations("nasbench201").value());
  EXPECT_EQ(dense.inputs[0].scalar_type(), c10::kBFloat16);
  EXPECT_EQ(dense.weights[0].scalar_type(), c10::kFloat);
  // Each of the six edges has a 1x1 and a dense 3x3 convolution.
  EXPECT_EQ(Count(dense.args, dense.inputs).forward.matrix,
            6 * (1 + 9) * kPixels * kChannels * kChannels);
  EXPECT_EQ(SampleOperations("other").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace pdarts::nn
