#include "pdarts/nn/operation.h"

#include <set>

#include "ATen/ops/cat.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/softmax.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"
#include "pdarts/nn/mixed_node.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::nn {
namespace {

OperationOptions Options(int64_t stride) {
  OperationOptions options;
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
      const at::Tensor y = operation->Forward(Random({2, 4, 8, 12}), Pass());
      EXPECT_EQ(y.sizes(), (std::vector<int64_t>{2, 4, 8 / stride, 12 / stride})) << name;
      EXPECT_EQ(y.scalar_type(), at::kDouble) << name;
    }
  }
}

TEST(Operation, IsItsRawFormNormalized) {
  for (const std::string& name : OperationNames()) {
    for (int64_t stride : {1, 2}) {
      const auto operation = MakeOperation(name, Options(stride));
      operation->to(at::kDouble);
      const at::Tensor x = Random({2, 4, 8, 8});
      const RawOutput raw = operation->Raw(x, Pass());
      EXPECT_EQ(operation->is_zero(), !raw.value.defined()) << name;
      if (operation->is_zero()) continue;
      const at::Tensor y = raw.batch_norm ? raw.batch_norm->Forward(raw.value, Pass()) : raw.value;
      EXPECT_TRUE(y.equal(operation->Forward(x, Pass()))) << name;
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
    operation->Forward(x, Pass());
    EXPECT_TRUE(x.equal(Random({2, 4, 8, 8}))) << name;
  }
}

TEST(Operation, DropsElementsOfIdentitiesInTrainingOnly) {
  const at::Tensor x = Random({4, 4, 8, 8});
  Pass pass;
  pass.skip_dropout = 0.5;
  pass.generator = MakeGenerator(1, "dropout");
  const auto identity = MakeOperation("skip_connect", Options(1));
  EXPECT_NEAR((identity->Forward(x, pass) == 0).to(at::kFloat).mean().item<double>(), 0.5, 0.1);
  identity->eval();
  EXPECT_TRUE(identity->Forward(x, pass).equal(x));

  const at::Tensor before = pass.generator.get_state();
  for (const std::string& name : OperationNames()) {
    for (int64_t stride : {1, 2}) {
      if (name == "skip_connect" && stride == 1) continue;
      const auto operation = MakeOperation(name, Options(stride));
      operation->to(at::kDouble);
      operation->Forward(x, pass);
      EXPECT_TRUE(before.equal(pass.generator.get_state())) << name << " drew a mask";
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
  const at::Tensor y = MixedNode({{x, &edges[0], p[0]}, {-x, &edges[1], p[1]}}, Pass(), REFERENCE);
  at::Tensor expected;
  for (int64_t e : {0, 1}) {
    for (int64_t k : {0, 1, 2, 3}) {
      const at::Tensor term = edges[e][k]->Forward(e == 0 ? x : -x, Pass()) * p[e][k];
      expected = expected.defined() ? expected + term : term;
    }
  }
  EXPECT_TRUE(y.allclose(expected, 1e-12, 1e-12));
  const at::Tensor gradient = torch::autograd::grad({y.sum()}, {p})[0];
  EXPECT_TRUE(gradient.allclose(torch::autograd::grad({expected.sum()}, {p})[0], 1e-9, 1e-9));
}

TEST(MixedNode, IsZeroWhenNothingElseStands) {
  const EdgeOperations none = {MakeOperation("none", Options(2))};
  const at::Tensor x = Random({2, 4, 8, 8});
  const at::Tensor p = Random({1});
  const at::Tensor y = MixedNode({{x, &none, p}, {x, &none, p}}, Pass(), REFERENCE);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{2, 4, 4, 4}));
  EXPECT_EQ(y.abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace pdarts::nn
