// Tests that layers with masks compute the same values on the counting device as on the CPU,
// without a copy or a wait.

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/ops/full.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/randn.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/core/device_numbers.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/random.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/nn/layers.h"
#include "pdarts/nn/mixed_node.h"

namespace pdarts::nn {
namespace {

const std::vector<int64_t> kSizes = {20, 4, 6, 6};

/// A cell with one input and two nodes. Each edge has these operations.
class Cell {
 public:
  Cell(const std::vector<std::string>& names, c10::Device device, Kernels kernels = REFERENCE)
      : device_(device), backend_(ResolveBackend(kernels, FLOAT32, device).value()) {
    graph_.num_inputs = 1;
    graph_.num_nodes = 3;
    graph_.edges = {{0, 1}, {0, 2}, {1, 2}};
    graph_.output_nodes = {1, 2};
    for (size_t e = 0; e < graph_.edges.size(); ++e) {
      EdgeOperations& edge = operations_.emplace_back();
      for (const std::string& name : names) {
        OperationOptions options;
        options.channels = 4;
        options.backend = backend_;
        options.generator = MakeGenerator(1, "weights", e);
        edge.push_back(MakeOperation(name, options));
        edge.back()->to(device);
      }
    }
    probabilities_ = at::full({3, static_cast<int64_t>(names.size())}, 0.3).to(device);
    input_ = at::randn(kSizes, MakeGenerator(1, "x"), at::kFloat).to(device).requires_grad_();
    gradient_ = at::randn({20, 8, 6, 6}, MakeGenerator(1, "gradient"), at::kFloat).to(device);
  }

  struct Pass {
    at::Tensor output, gradient;  ///< on the CPU
    DeviceCounters counters;
  };

  /// context: for the CPU.
  Pass Compute(ForwardContext context, const std::vector<Knob>& knobs) {
    context.knobs = &knobs;
    numbers_.Put(&context, knobs);
    ResetCounters();
    const at::Tensor y =
        MixedNodes(graph_, operations_, {input_}, probabilities_, context, backend_);
    y.backward(gradient_);
    Pass pass;
    pass.counters = Counters();
    pass.output = y.detach().cpu();
    pass.gradient = input_.grad().cpu();
    input_.mutable_grad() = at::Tensor();
    return pass;
  }

 private:
  const c10::Device device_;
  const Backend backend_;
  MixedGraph graph_;
  std::vector<EdgeOperations> operations_;
  at::Tensor probabilities_, input_, gradient_;
  DeviceNumbers numbers_{device_};
};

std::vector<Knob> Knobs(double edges, double skips) {
  return {{kEdgeDropPathKnob, "", 0, 1, edges}, {kSkipDropoutKnob, "", 0, 1, skips}};
}

void ExpectSame(const std::vector<std::string>& names) {
  Cell on_cpu(names, c10::kCPU), on_device(names, CountingDevice());
  struct Case {
    double drop_path, edges, skips;
    bool draws;  ///< whether masks decide about the output
  };
  for (const Case& c : {Case{0, 0, 0, false}, Case{0, 0, 0.3, names[0] == "skip_connect"},
                        Case{0, 0.5, 0, true}, Case{0, 0.5, 0.3, true}, Case{0, 0, 1, false},
                        Case{0, 1, 0.3, false}, Case{0.4, 0.5, 0, true}}) {
    at::Tensor of_other_epoch;
    for (const int64_t epoch : {0, 1}) {
      ForwardContext context;
      context.drop_path = c.drop_path;
      context.masks = Masks({/*seed=*/1, /*stage=*/0, epoch, MaskStream::kWeights}, 40).At(2);
      const std::vector<Knob> knobs = Knobs(c.edges, c.skips);
      const Cell::Pass expected = on_cpu.Compute(context, knobs);
      const Cell::Pass pass = on_device.Compute(context, knobs);
      const std::string what = absl::StrCat("drop path ", c.drop_path, ", edges ", c.edges,
                                            ", skips ", c.skips, ", epoch ", epoch);
      EXPECT_TRUE(pass.output.equal(expected.output)) << what;
      EXPECT_TRUE(pass.gradient.equal(expected.gradient)) << what;
      EXPECT_EQ(pass.counters.copies_to_device, 0) << what;
      EXPECT_EQ(pass.counters.copies_from_device, 0) << what;
      EXPECT_EQ(pass.counters.synchronizations, 0) << what;
      if (c.draws && of_other_epoch.defined()) {
        EXPECT_FALSE(pass.output.equal(of_other_epoch)) << what << " draws what epoch 0 drew";
      }
      of_other_epoch = pass.output;
    }
  }
}

TEST(DeviceMasks, ACellThatIsComputedAsOneDrawsThoseOfTheCpu) {
  ExpectSame({"skip_connect", "max_pool_3x3"});
}

TEST(DeviceMasks, ACellThatIsComputedNodeByNodeDrawsThoseOfTheCpu) {
  ExpectSame({"skip_connect", "noise"});
}

TEST(DeviceMasks, AnEdgeOfADerivedNetworkIsDroppedAsOnTheCpu) { ExpectSame({"avg_pool_3x3"}); }

TEST(DeviceMasks, DropoutIsOneOperationForwardAndOneBackward) {
  DeviceNumbers numbers(CountingDevice());
  const std::vector<Knob> knobs = Knobs(0, 0.3);
  ForwardContext context;
  context.knobs = &knobs;
  numbers.Put(&context, knobs);
  const at::Tensor x = at::ones(kSizes).to(CountingDevice()).requires_grad_();
  const at::Tensor gradient = at::ones(kSizes).to(CountingDevice());
  ResetCounters();
  const at::Tensor y = Dropout(x, context.KnobRate(kSkipDropoutKnob), context);
  EXPECT_EQ(Counters().operations, 1);
  y.backward(gradient);
  EXPECT_EQ(Counters().operations, 2);
  EXPECT_EQ(Counters().copies_to_device, 0);
  EXPECT_EQ(Counters().synchronizations, 0);
  EXPECT_TRUE(x.grad().cpu().equal(y.detach().cpu())) << "the mask of the gradient is another one";
}

TEST(DeviceMasks, AGroupedCellDrawsThoseOfTheCpu) {
  const std::vector<std::string> names = {"skip_connect", "avg_pool_3x3"};
  Cell on_cpu(names, c10::kCPU), on_device(names, CountingDevice(), FUSED);
  for (const auto& knobs : {Knobs(0, 0.3), Knobs(0.5, 0.3), Knobs(0, 1)}) {
    ForwardContext context;
    context.masks = Masks({/*seed=*/1, /*stage=*/0, /*epoch=*/1, MaskStream::kWeights}, 40).At(2);
    const Cell::Pass expected = on_cpu.Compute(context, knobs);
    const Cell::Pass pass = on_device.Compute(context, knobs);
    EXPECT_TRUE(pass.output.allclose(expected.output, 1e-4, 1e-5));
    EXPECT_TRUE(pass.gradient.allclose(expected.gradient, 1e-4, 1e-5));
  }
}

TEST(DeviceMasks, DropoutAddsNoOperationsToAGroupedCell) {
  const std::vector<std::string> names = {"skip_connect", "avg_pool_3x3"};
  Cell cell(names, CountingDevice(), FUSED);
  const auto operations = [&](double skips) {
    return cell.Compute(ForwardContext(), Knobs(0, skips)).counters.operations;
  };
  EXPECT_EQ(operations(0.3), operations(0));
}

TEST(DeviceMasks, AllEdgesOfACellAreDrawnByOneOperation) {
  Cell cell({"max_pool_3x3"}, CountingDevice());
  const auto operations = [&](double edges) {
    return cell.Compute(ForwardContext(), Knobs(edges, 0)).counters.operations;
  };
  // The scales add three products in the forward pass and three in the backward pass.
  const int64_t of_three_edges = operations(0.5) - operations(0);
  EXPECT_LE(of_three_edges, 1 + 3 + 3);
}

}  // namespace
}  // namespace pdarts::nn
