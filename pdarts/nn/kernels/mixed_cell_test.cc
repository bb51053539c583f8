#include "pdarts/nn/kernels/mixed_cell.h"

#include <memory>
#include <utility>

#include "ATen/ops/empty.h"
#include "ATen/ops/ones_like.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
#include "glog/logging.h"
#include "gmock/gmock.h"
#include "pdarts/nn/kernels/testing.h"

namespace pdarts::nn {
namespace {

struct CellCase {
  std::string name;
  int64_t images = 3, channels = 4, height = 6, width = 5;
  bool reduces = false;
  bool training = true;
  bool affine = false;
  bool drops = false;
  bool drops_edges = false;
  bool moves_statistics = true;
  std::vector<int> output_nodes = {2, 3, 4, 5};
  /// The names are those of the DARTS space. "dense" and "pointwise" are a 3x3 and a 1x1
  /// convolution with a bias. "plain_max" and "plain_avg" are pools without a batch normalization.
  std::vector<std::string> operations = {"max",  "avg",  "skip", "sep3",
                                         "sep5", "dil3", "dil5", "none"};
  /// The edges with operations; empty: all edges.
  std::vector<int> live_edges;
  /// Whether the cell is computed with every instruction set.
  bool with_all_instructions = false;
};

/// Whether a test computes all cells. What differs between the cells is code that does not depend
/// on the instruction set. So all cells are computed with the processor's best instruction set, and
/// with the grouped operators. The other instruction sets compute a few cells that have, together,
/// every operation with both strides, batch normalization in training and in evaluation, dropout
/// and dropped edges, and numbers of channels that are multiples of a vector or not.
bool ComputesAllCells(const KernelTestCase& test) {
  return test.kernels == GROUPED || test.instructions == RunnableInstructionSets().back();
}

/// A cell with two inputs and four other nodes, with the inputs, coefficients and weights of the
/// function that a test differentiates.
class MixedCellTest : public KernelTest {
 protected:
  MixedCellTest() {
    set_activations({0, 1});
    set_together();
    set_keeps_expected();
  }

  std::vector<at::Tensor> Inputs(const CellCase& c) {
    tensors_.clear();
    const int64_t times = c.reduces ? 2 : 1;
    for (int i = 0; i < 2; ++i) {
      tensors_.push_back(Random({c.images, c.channels, c.height * times, c.width * times}));
    }
    tensors_.push_back(Random({14 * static_cast<int64_t>(c.operations.size())}));
    reading_ = false;
    Build(c);
    return tensors_;
  }

  at::Tensor Cell(const Backend& backend, const CellCase& c,
                  const std::vector<at::Tensor>& tensors) {
    tensors_ = tensors;
    reading_ = true;
    next_ = 3;
    return MixedCell(backend, Build(c), {tensors[0], tensors[1]}, tensors[2]);
  }

  /// The running statistics of the cell that was built last.
  const std::vector<BatchNormArgs>& batch_norms() const { return batch_norms_; }

 private:
  MixedCellArgs Build(const CellCase& c) {
    batch_norms_.clear();
    MixedCellArgs cell;
    cell.num_inputs = 2;
    cell.num_nodes = 6;
    cell.output_nodes = c.output_nodes;
    cell.channels = c.channels;
    cell.height = c.height;
    cell.width = c.width;
    int e = 0;
    int64_t coefficient = 0;
    for (int to = 2; to < 6; ++to) {
      for (int from = 0; from < to; ++from, ++e) {
        CellEdge edge{from, to, {}};
        const int64_t stride = c.reduces && from < 2 ? 2 : 1;
        const bool live =
            c.live_edges.empty() || std::count(c.live_edges.begin(), c.live_edges.end(), e) > 0;
        for (const std::string& name : c.operations) {
          if (name != "none" && live) edge.operations.push_back(Operation(c, name, stride));
          if (!edge.operations.empty() && name != "none" && live) {
            edge.operations.back().coefficient = coefficient;
          }
          ++coefficient;
        }
        if (c.drops_edges && e % 3 != 1) {
          edge.image_scale = at::randint(3, {c.images}, MakeGenerator(e, "scale"), at::kFloat);
        }
        cell.edges.push_back(std::move(edge));
      }
    }
    return cell;
  }

  CellOperation Operation(const CellCase& c, const std::string& name, int64_t stride) {
    CellOperation operation;
    operation.stride = stride;
    if (name == "max" || name == "avg") {
      operation.kind =
          name == "max" ? CellOperation::Kind::kMaxPool : CellOperation::Kind::kAveragePool;
      operation.batch_norm = BatchNorm(c);
      return operation;
    }
    if (name == "plain_max" || name == "plain_avg") {
      operation.kind =
          name == "plain_max" ? CellOperation::Kind::kMaxPool : CellOperation::Kind::kAveragePool;
      return operation;
    }
    if (name == "skip" && stride == 1) {
      if (c.drops) {
        operation.dropout_mask = at::randint(2, {c.images, c.channels, c.height, c.width},
                                             MakeGenerator(next_, "mask"), at::kDouble)
                                     .to(at::kByte);
        operation.dropout_scale = 1.5;
      }
      return operation;
    }
    operation.kind = CellOperation::Kind::kConvolution;
    const bool separable = name == "sep3" || name == "sep5";
    for (int r = 0; r < (separable ? 2 : 1); ++r) {
      CellOperation::ReluConvBn relu_conv_bn;
      ReluConvolution& convolution = relu_conv_bn.convolution;
      if (name == "skip") {
        convolution.kind = ConvolutionKind::kFactorizedReduce;
        convolution.stride = 2;
        convolution.weight = Parameter({c.channels / 2, c.channels, 1, 1});
        convolution.second_weight = Parameter({c.channels / 2, c.channels, 1, 1});
      } else if (name == "dense") {
        convolution.kind = ConvolutionKind::kDense;
        convolution.weight = Parameter({c.channels, c.channels, 3, 3});
        convolution.bias = Parameter({c.channels});
      } else if (name == "pointwise") {
        convolution.kind = ConvolutionKind::kPointwise;
        convolution.weight = Parameter({c.channels, c.channels, 1, 1});
        convolution.bias = Parameter({c.channels});
      } else {
        CHECK(name == "sep3" || name == "sep5" || name == "dil3" || name == "dil5")
            << "no operation is called " << name;
        const int64_t k = name[3] - '0';
        convolution.stride = r == 0 ? stride : 1;
        convolution.dilation = separable ? 1 : 2;
        convolution.depthwise = Parameter({c.channels, 1, k, k});
        convolution.weight = Parameter({c.channels, c.channels, 1, 1});
      }
      relu_conv_bn.batch_norm = BatchNorm(c);
      operation.chain.push_back(std::move(relu_conv_bn));
    }
    return operation;
  }

  BatchNormArgs BatchNorm(const CellCase& c) {
    BatchNormArgs bn;
    if (c.affine) {
      bn.weight = Parameter({c.channels});
      bn.bias = Parameter({c.channels});
    }
    const at::Tensor some = at::randn({c.channels}, MakeGenerator(3, "running"), at::kDouble);
    bn.running_mean = (0.3 * some).to(tensors_[2].scalar_type());
    bn.running_var = (1 + 0.5 * some * some).to(tensors_[2].scalar_type());
    bn.training = c.training;
    bn.update_statistics = c.moves_statistics;
    batch_norms_.push_back(bn);
    return bn;
  }

  at::Tensor Parameter(at::IntArrayRef sizes) {
    if (reading_) return tensors_[next_++];
    tensors_.push_back(Random(sizes));
    return tensors_.back();
  }

  std::vector<at::Tensor> tensors_;
  std::vector<BatchNormArgs> batch_norms_;
  bool reading_ = false;
  size_t next_ = 0;
};

std::vector<CellCase> Cases() {
  std::vector<CellCase> cases;
  const auto add = [&](const std::string& name) -> CellCase& {
    cases.push_back({name});
    return cases.back();
  };
  add("normal").with_all_instructions = true;
  add("reduction").reduces = true;
  add("dropout").drops = true;
  add("dropped edges").drops_edges = true;
  CellCase& all = add("dropped edges of a reduction, affine, in wide batches");
  all.drops_edges = all.reduces = all.affine = true;
  all.images = 7;
  all.with_all_instructions = true;
  CellCase& twice = add("dropped edges with dropout, some nodes in the output");
  twice.drops_edges = twice.drops = true;
  twice.output_nodes = {4, 5};
  twice.with_all_instructions = true;
  CellCase& evaluated = add("dropped edges in evaluation");
  evaluated.drops_edges = true;
  evaluated.training = false;
  add("affine").affine = true;
  add("statistics that stay").moves_statistics = false;
  CellCase& evaluation = add("evaluation");
  evaluation.training = false;
  evaluation.with_all_instructions = true;
  CellCase& affine = add("affine in evaluation");
  affine.affine = true;
  affine.training = false;
  CellCase& odd = add("odd sizes");
  odd.images = 1;
  odd.channels = 18;
  odd.height = 3;
  odd.width = 7;
  odd.with_all_instructions = true;
  CellCase& dense = add("dense");
  dense.operations = {"none", "skip", "dense", "avg"};
  dense.output_nodes = {5};
  dense.with_all_instructions = true;
  CellCase& inner = add("only some nodes in the output");
  inner.output_nodes = {4, 2};
  inner.operations = {"plain_max", "sep3", "skip"};
  CellCase& dead = add("nodes that nothing reaches");
  dead.live_edges = {2, 7, 8, 11, 13};
  CellCase& wide = add("whole vectors");
  wide.channels = 32;
  wide.height = wide.width = 4;
  wide.operations = {"sep5", "max", "dil3", "skip"};
  wide.with_all_instructions = true;
  CellCase& nasbench201 = add("operations and output of NAS-Bench-201");
  nasbench201.channels = 18;
  nasbench201.operations = {"none", "skip", "pointwise", "dense", "plain_avg"};
  nasbench201.output_nodes = {5};
  nasbench201.with_all_instructions = true;
  CellCase& single = add("one operation");
  single.operations = {"dense"};
  return cases;
}

TEST_P(MixedCellTest, MatchesTheComposition) {
  for (const CellCase& c : Cases()) {
    // The numbers are drawn for each cell, so that a cell has the same numbers in each test.
    const std::vector<at::Tensor> inputs = Inputs(c);
    if (!c.with_all_instructions && !ComputesAllCells(GetParam())) continue;
    // In float32, a rounding error near the zero of a ReLU or between two maxima changes a
    // decision, and the nodes amplify the difference. Errors in the code show in float64.
    ExpectSame([&](const Backend& backend,
                   const std::vector<at::Tensor>& t) { return Cell(backend, c, t); },
               inputs, c.name, /*slack=*/100);
  }
}

TEST_P(MixedCellTest, MatchesTheCompositionWithMoreThreadsThanImages) {
  for (const CellCase& c : Cases()) {
    const bool drops = c.name == "dropped edges with dropout, some nodes in the output";
    if (c.name != "reduction" && c.name != "affine" && c.name != "dense" && c.name != "odd sizes" &&
        !drops && c.name != "one operation") {
      continue;
    }
    const std::vector<at::Tensor> inputs = Inputs(c);
    // With these numbers, the cell amplifies roundings too much for bfloat16.
    if (drops && is_bfloat16()) continue;
    if ((c.name == "affine" || c.name == "dense") && !ComputesAllCells(GetParam())) continue;
    ExpectSame(WithManyThreads([&](const Backend& backend, const std::vector<at::Tensor>& t) {
                 return Cell(backend, c, t);
               }),
               inputs, c.name, /*slack=*/100);
  }
}

TEST_P(MixedCellTest, MovesRunningStatisticsAsTheCompositionDoes) {
  for (const CellCase& c : Cases()) {
    const std::vector<at::Tensor> inputs = Typed(Inputs(c));
    if (!c.with_all_instructions && !ComputesAllCells(GetParam())) continue;
    Cell(Fused(), c, inputs);
    const std::vector<BatchNormArgs> actual = batch_norms();
    Cell(Reference(GetParam().storage), c, inputs);
    ASSERT_EQ(actual.size(), batch_norms().size());
    for (size_t i = 0; i < actual.size(); ++i) {
      if (is_bfloat16()) {
        EXPECT_LE(Distance(actual[i].running_mean, batch_norms()[i].running_mean),
                  0.05 * Norm(batch_norms()[i].running_mean))
            << c.name;
        EXPECT_LE(Distance(actual[i].running_var, batch_norms()[i].running_var),
                  0.05 * Norm(batch_norms()[i].running_var))
            << c.name;
        continue;
      }
      ExpectClose(actual[i].running_mean, batch_norms()[i].running_mean, c.name, 10);
      ExpectClose(actual[i].running_var, batch_norms()[i].running_var, c.name, 10);
    }
  }
}

TEST_P(MixedCellTest, ComputesTheGradientsThatAreAskedFor) {
  for (CellCase c : Cases()) {
    if (c.name != "affine" && c.name != "reduction" && c.name != "dense") continue;
    if (c.name != "reduction" && !ComputesAllCells(GetParam())) continue;
    const std::vector<at::Tensor> all = Leaves(Inputs(c));
    const at::Tensor y = Cell(Fused(), c, all);
    const at::Tensor g = Random(y.sizes()).to(GetParam().storage);
    const auto expected = torch::autograd::grad({y}, all, {g});
    const auto check = [&](const std::function<bool(size_t)>& wanted, const std::string& what) {
      std::vector<at::Tensor> some, leaves;
      for (size_t i = 0; i < all.size(); ++i) {
        some.push_back(all[i].detach().set_requires_grad(wanted(i)));
        if (wanted(i)) leaves.push_back(some.back());
      }
      const at::Tensor z = Cell(Fused(), c, some);
      EXPECT_TRUE(z.equal(y)) << what;
      const auto actual = torch::autograd::grad({z}, leaves, {g});
      size_t j = 0;
      for (size_t i = 0; i < all.size(); ++i) {
        if (!wanted(i)) continue;
        EXPECT_TRUE(actual[j++].equal(expected[i])) << what << ", input " << i;
      }
    };
    check([](size_t i) { return i == 2; }, "coefficients");
    check([](size_t i) { return i > 2; }, "weights");
    check([](size_t i) { return i != 2; }, "all but coefficients");
    check([](size_t i) { return i < 2; }, "inputs");
    check([](size_t i) { return i == 1 || i == 2; }, "input 1 and coefficients");
    // About a dozen weights. The step is odd, so that they are at different places in their
    // operations.
    const size_t step = (all.size() / 12) | 1;
    for (size_t one = 3; one < all.size(); one += step) {
      check([&](size_t i) { return i == one; }, "one weight");
    }
  }
}

TEST_P(MixedCellTest, KeepsItsValuesForASecondBackward) {
  const CellCase c;
  const std::vector<at::Tensor> leaves = Leaves(Inputs(c));
  const at::Tensor y = Cell(Fused(), c, leaves);
  const at::Tensor g = Random(y.sizes()).to(GetParam().storage);
  const auto first = torch::autograd::grad({y}, leaves, {g}, /*retain_graph=*/true);
  const auto second = torch::autograd::grad({y}, leaves, {g}, /*retain_graph=*/true);
  const auto last = torch::autograd::grad({y}, leaves, {g});
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_TRUE(first[i].equal(second[i])) << i;
    EXPECT_TRUE(first[i].equal(last[i])) << i;
  }
  EXPECT_THROW(torch::autograd::grad({y}, leaves, {g}), c10::Error);
}

TEST_P(MixedCellTest, RefusesSecondDerivatives) {
  const CellCase c;
  const std::vector<at::Tensor> leaves = Leaves(Inputs(c));
  const at::Tensor y = Cell(Fused(), c, leaves);
  EXPECT_THAT(
      [&] {
        torch::autograd::grad({y}, leaves, {at::ones_like(y)}, /*retain_graph=*/true,
                              /*create_graph=*/true);
      },
      ::testing::ThrowsMessage<c10::Error>(
          ::testing::HasSubstr("pdarts::MixedCell has no second derivative")));
}

TEST_P(MixedCellTest, RefusesWeightsAndCoefficientsThatChangedSinceTheForwardPass) {
  const CellCase c;
  for (const size_t changed : {0, 5}) {
    // The fused kernels keep a copy of the coefficients.
    if (changed == 0 && GetParam().kernels != GROUPED) continue;
    const std::vector<at::Tensor> leaves = Leaves(Inputs(c));
    const at::Tensor y = Cell(Fused(), c, leaves);
    {
      c10::NoGradGuard no_grad;
      leaves[changed].mul_(2);
    }
    EXPECT_THROW(torch::autograd::grad({y}, leaves, {y.detach()}), c10::Error) << changed;
  }
}

TEST_P(MixedCellTest, RepeatsExactly) {
  CellCase c;
  c.images = 5;
  c.drops = true;
  const std::vector<at::Tensor> inputs = Inputs(c);
  // With 8 threads, the 5 images are divided.
  for (const int threads : {1, 2, 8}) {
    at::set_num_threads(threads);
    const auto f = [&](const Backend& backend, const std::vector<at::Tensor>& t) {
      return Cell(backend, c, t);
    };
    const Outcome first = Run(Fused(), f, inputs);
    for (int repeat = 0; repeat < 3; ++repeat) {
      const Outcome again = Run(Fused(), f, inputs);
      EXPECT_TRUE(first.value.equal(again.value));
      for (size_t i = 0; i < inputs.size(); ++i) {
        EXPECT_TRUE(first.gradients[i].equal(again.gradients[i])) << i;
      }
    }
  }
}

PDARTS_INSTANTIATE_KERNEL_TEST(MixedCellTest);
PDARTS_INSTANTIATE_GROUPED_TEST(MixedCellTest);

}  // namespace
}  // namespace pdarts::nn
