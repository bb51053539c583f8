#include "pdarts/nn/operation.h"

#include <set>

#include "ATen/ops/cat.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/softmax.h"
#include "gtest/gtest.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/random.h"
#include "pdarts/nn/mixed_node.h"
#include "torch/csrc/autograd/autograd.h"
#include "torch/csrc/autograd/function.h"

namespace pdarts::nn {
namespace {

Backend With(Kernels kernels) { return ResolveBackend(kernels, FLOAT64, at::kCPU).value(); }

OperationOptions Options(int64_t stride, Kernels kernels = FUSED) {
  OperationOptions options;
  options.backend = With(kernels);
  options.channels = 4;
  options.stride = stride;
  options.pool_batch_norm = true;
  options.generator = MakeGenerator(1, "weights");
  return options;
}

at::Tensor Random(at::IntArrayRef sizes) {
  return at::randn(sizes, MakeGenerator(1, "operation_test"), at::kDouble);
}

std::set<std::string> Names(const torch::nn::Module& module) {
  std::set<std::string> names;
  for (const auto& entry : module.named_parameters()) names.insert(entry.key());
  for (const auto& entry : module.named_buffers()) names.insert(entry.key());
  return names;
}

TEST(Operation, HalvesSidesWithStrideTwo) {
  for (const std::string& name : OperationNames()) {
    for (int64_t stride : {1, 2}) {
      const auto operation = MakeOperation(name, Options(stride));
      operation->to(at::kDouble);
      const at::Tensor y = operation->Forward(Random({2, 4, 8, 12}), ForwardContext());
      EXPECT_EQ(y.sizes(), (std::vector<int64_t>{2, 4, 8 / stride, 12 / stride})) << name;
      EXPECT_EQ(y.scalar_type(), at::kDouble) << name;
    }
  }
}

TEST(Operation, IsItsPreNormalizationValueNormalized) {
  for (const std::string& name : OperationNames()) {
    for (const Kernels kernels : {REFERENCE, FUSED}) {
      for (int64_t stride : {1, 2}) {
        const auto operation = MakeOperation(name, Options(stride, kernels));
        operation->to(at::kDouble);
        const at::Tensor x = Random({2, 4, 8, 8});
        const PreNormalization before = operation->PreNormalize(x, ForwardContext());
        EXPECT_EQ(operation->is_zero(), !before.value.defined()) << name;
        if (operation->is_zero()) continue;
        const at::Tensor y = before.batch_norm
                                 ? before.batch_norm->Forward(before.value, ForwardContext())
                                 : before.value;
        EXPECT_TRUE(y.allclose(operation->Forward(x, ForwardContext()), 1e-12, 1e-12)) << name;
      }
    }
  }
}

TEST(Operation, IsTheSameWithBothKernels) {
  for (const std::string& name : OperationNames()) {
    for (int64_t stride : {1, 2}) {
      for (const bool affine : {true, false}) {
        std::vector<at::Tensor> values;
        std::vector<int64_t> macs;
        for (const Kernels kernels : {REFERENCE, FUSED}) {
          OperationOptions options = Options(stride, kernels);
          options.affine = affine;
          options.pool_batch_norm = !affine;
          const auto operation = MakeOperation(name, options);
          operation->to(at::kDouble);
          MacTally tally;
          values.push_back(operation->Forward(Random({2, 4, 8, 8}), ForwardContext()));
          macs.push_back(tally.macs());
        }
        EXPECT_TRUE(values[0].allclose(values[1], 1e-11, 1e-11)) << name;
        EXPECT_EQ(macs[0], macs[1]) << name;
      }
    }
  }
}

TEST(Operation, HasTheParameterNamesOfTheReference) {
  const std::set<std::string> pool = {"1.running_mean", "1.running_var"};
  EXPECT_EQ(Names(*MakeOperation("max_pool_3x3", Options(1))), pool);
  EXPECT_EQ(Names(*MakeOperation("skip_connect", Options(1))), std::set<std::string>());
  EXPECT_EQ(Names(*MakeOperation("skip_connect", Options(2))),
            (std::set<std::string>{"conv_1.weight", "conv_2.weight", "bn.running_mean",
                                   "bn.running_var"}));
  EXPECT_EQ(Names(*MakeOperation("sep_conv_5x5", Options(1))),
            (std::set<std::string>{"op.1.weight", "op.2.weight", "op.3.running_mean",
                                   "op.3.running_var", "op.5.weight", "op.6.weight",
                                   "op.7.running_mean", "op.7.running_var"}));
  OperationOptions affine = Options(1);
  affine.affine = true;
  affine.pool_batch_norm = false;
  EXPECT_EQ(Names(*MakeOperation("avg_pool_3x3", affine)), std::set<std::string>());
  EXPECT_EQ(Names(*MakeOperation("dil_conv_3x3", affine)),
            (std::set<std::string>{"op.1.weight", "op.2.weight", "op.3.weight", "op.3.bias",
                                   "op.3.running_mean", "op.3.running_var"}));
}

TEST(Operation, LeavesItsInputAlone) {
  for (const std::string& name : OperationNames()) {
    const auto operation = MakeOperation(name, Options(1));
    operation->to(at::kDouble);
    const at::Tensor x = Random({2, 4, 8, 8});
    operation->Forward(x, ForwardContext());
    EXPECT_TRUE(x.equal(Random({2, 4, 8, 8}))) << name;
  }
}

TEST(Operation, NoiseIsNormalAndTheContextsWhateverTheInput) {
  const at::Tensor x = Random({20, 4, 16, 16});
  for (int64_t stride : {1, 2}) {
    const auto noise = MakeOperation("noise", Options(stride));
    ForwardContext context;
    context.masks = Masks({/*seed=*/1}, /*first_image=*/0);
    const at::Tensor first = noise->Forward(x, context);
    EXPECT_NEAR(first.mean().item<double>(), 0, 0.05);
    EXPECT_NEAR(first.std().item<double>(), 1, 0.05);
    EXPECT_FALSE(first.equal(noise->Forward(x, context.At(0)))) << "another place";
    noise->eval();
    EXPECT_TRUE(noise->Forward(x * 2, context).equal(first)) << "evaluation draws noise too";
  }
}

TEST(Operation, DropsElementsOfIdentitiesInTrainingOnly) {
  const at::Tensor x = Random({4, 4, 8, 8});
  const std::vector<Knob> knobs = {{kSkipDropoutKnob, "", 0, 1, 0.5}};
  ForwardContext context;
  context.knobs = &knobs;
  const auto identity = MakeOperation("skip_connect", Options(1));
  EXPECT_NEAR((identity->Forward(x, context) == 0).to(at::kFloat).mean().item<double>(), 0.5, 0.1);
  identity->eval();
  EXPECT_TRUE(identity->Forward(x, context).equal(x));

  for (const std::string& name : OperationNames()) {
    for (int64_t stride : {1, 2}) {
      if (name == "noise" || (name == "skip_connect" && stride == 1)) continue;
      const auto operation = MakeOperation(name, Options(stride));
      operation->to(at::kDouble);
      EXPECT_TRUE(operation->Forward(x, context).equal(operation->Forward(x, ForwardContext())))
          << name << " dropped something";
    }
  }
}

TEST(OperationDeathTest, UnknownAndDoubleNamesDie) {
  EXPECT_DEATH(MakeOperation("max_pool_9x9", Options(1)), "no operation is called max_pool_9x9");
  EXPECT_DEATH(RegisterOperation("none", nullptr), "two operations are called none");
}

TEST(MixedNode, WeighsAndAddsAllOperations) {
  const std::vector<std::string> names = {"none", "max_pool_3x3", "sep_conv_3x3", "skip_connect"};
  std::vector<EdgeOperations> edges(2);
  for (EdgeOperations& edge : edges) {
    for (const std::string& name : names) edge.push_back(MakeOperation(name, Options(1)));
    for (const auto& operation : edge) operation->to(at::kDouble);
  }
  const at::Tensor x = Random({4, 4, 8, 8});
  const at::Tensor p = Random({2, 4}).softmax(1).requires_grad_();
  const at::Tensor y =
      MixedNode({{x, &edges[0], p[0]}, {-x, &edges[1], p[1]}}, ForwardContext(), With(REFERENCE));
  at::Tensor expected;
  for (int64_t e : {0, 1}) {
    for (int64_t k : {0, 1, 2, 3}) {
      const at::Tensor term = edges[e][k]->Forward(e == 0 ? x : -x, ForwardContext()) * p[e][k];
      expected = expected.defined() ? expected + term : term;
    }
  }
  EXPECT_TRUE(y.allclose(expected, 1e-12, 1e-12));
  const at::Tensor gradient = torch::autograd::grad({y.sum()}, {p})[0];
  EXPECT_TRUE(gradient.allclose(torch::autograd::grad({expected.sum()}, {p})[0], 1e-9, 1e-9));
}

/// Squares its input. The operation has no code for the kernels.
class Square : public Operation {
 public:
  at::Tensor Forward(const at::Tensor& x, const ForwardContext&) const override { return x * x; }
};

/// A cell with one input and three other nodes, with these operations on every edge.
class Cell {
 public:
  Cell(const std::vector<std::string>& names, bool with_square, Kernels kernels)
      : backend_(With(kernels)) {
    graph_.num_inputs = 1;
    graph_.num_nodes = 4;
    graph_.edges = {{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}};
    graph_.output_nodes = {1, 3};
    for (size_t e = 0; e < graph_.edges.size(); ++e) {
      auto& edge = operations_.emplace_back();
      for (const std::string& name : names)
        edge.push_back(MakeOperation(name, Options(1, kernels)));
      if (with_square) edge.push_back(std::make_shared<Square>());
      for (const auto& operation : edge) {
        operation->to(at::kDouble);
        for (const at::Tensor& parameter : operation->parameters()) weights_.push_back(parameter);
      }
    }
    probabilities_ = Random({6, static_cast<int64_t>(operations_[0].size())}).softmax(1);
    probabilities_.requires_grad_();
  }

  at::Tensor Forward(double drop_path) {
    const std::vector<Knob> knobs = {{kSkipDropoutKnob, "", 0, 1, 0.4}};
    ForwardContext context;
    context.knobs = &knobs;
    context.drop_path = drop_path;
    x_ = Random({3, 4, 6, 6}).requires_grad_();
    return MixedNodes(graph_, operations_, {x_}, probabilities_, context, backend_);
  }

  std::vector<at::Tensor> Gradients(const at::Tensor& y) {
    std::vector<at::Tensor> leaves = weights_;
    leaves.insert(leaves.end(), {x_, probabilities_});
    return torch::autograd::grad({y}, leaves, {Random(y.sizes())}, std::nullopt, false,
                                 /*allow_unused=*/true);
  }

 private:
  const Backend backend_;
  MixedGraph graph_;
  std::vector<EdgeOperations> operations_;
  std::vector<at::Tensor> weights_;
  at::Tensor probabilities_;
  at::Tensor x_;
};

TEST(MixedNodes, AreTheSameWithAllKernels) {
  const std::vector<std::string> names = {"none",         "max_pool_3x3", "skip_connect",
                                          "sep_conv_3x3", "dil_conv_5x5", "avg_pool_3x3"};
  for (const bool with_square : {false, true}) {
    at::Tensor of_all_edges;  // the output without drop path
    for (const double drop_path : {0.0, 0.4}) {
      for (const Kernels kernels : {FUSED, GROUPED}) {
        SCOPED_TRACE(testing::Message() << KernelsName(kernels) << ", drop path " << drop_path);
        Cell reference(names, with_square, REFERENCE), tested(names, with_square, kernels);
        const at::Tensor expected = reference.Forward(drop_path);
        const at::Tensor actual = tested.Forward(drop_path);
        if (drop_path == 0) {
          of_all_edges = expected.detach();
        } else {
          EXPECT_FALSE(expected.allclose(of_all_edges)) << "no edge was dropped";
        }
        const std::string function = actual.grad_fn()->name();
        EXPECT_EQ(function == "pdarts::MixedCell", !with_square)
            << "the function that computed the cell is " << function
            << (with_square ? "; an operation without a cell form must not be in pdarts::MixedCell"
                            : "; if these kernels leave an operation to the composition, test the "
                              "operation in a test of its own");
        EXPECT_TRUE(actual.allclose(expected, 1e-10, 1e-10));
        const auto expected_gradients = reference.Gradients(expected);
        const auto gradients = tested.Gradients(actual);
        for (size_t i = 0; i < gradients.size(); ++i) {
          EXPECT_TRUE(gradients[i].allclose(expected_gradients[i], 1e-9, 1e-9)) << i;
        }
      }
    }
  }
}

TEST(MixedNode, IsZeroWhenNothingElseStands) {
  const EdgeOperations none = {MakeOperation("none", Options(2))};
  const at::Tensor x = Random({2, 4, 8, 8});
  const at::Tensor p = Random({1});
  const at::Tensor y = MixedNode({{x, &none, p}, {x, &none, p}}, ForwardContext(), With(REFERENCE));
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{2, 4, 4, 4}));
  EXPECT_EQ(y.abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace pdarts::nn
