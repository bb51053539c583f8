// Tests of the grouped kernels on a device that counts operations.
// pdarts/nn/kernels/mixed_cell_test.cc compares all kinds of cells on the CPU.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/ones_like.h"
#include "ATen/ops/randn.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/random.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/nn/mixed_node.h"
#include "pdarts/nn/operation.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::nn {
namespace {

const std::vector<std::string> kOperations = {"none",         "max_pool_3x3", "avg_pool_3x3",
                                              "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
                                              "dil_conv_3x3", "dil_conv_5x5"};

enum class Of { kWeights, kProbabilities };

/// A cell of the DARTS space with some of the candidates on each edge.
class Cell {
 public:
  Cell(Kernels kernels, c10::Device device, size_t candidates, int64_t reduction, bool affine)
      : backend_(ResolveBackend(kernels, FLOAT64, device).value()), device_(device) {
    graph_.num_inputs = 2;
    graph_.num_nodes = 6;
    graph_.reduction = reduction;
    graph_.output_nodes = {2, 3, 4, 5};
    for (int to = 2; to < 6; ++to) {
      for (int from = 0; from < to; ++from) graph_.edges.push_back({from, to});
    }
    OperationOptions options;
    options.channels = 4;
    options.affine = affine;
    options.pool_batch_norm = true;
    options.backend = backend_;
    options.generator = MakeGenerator(1, "weights");
    for (size_t e = 0; e < graph_.edges.size(); ++e) {
      EdgeOperations& edge = operations_.emplace_back();
      options.stride = graph_.edges[e].from < 2 ? reduction : 1;
      for (size_t k = 0; k < candidates; ++k) {
        // The choice differs between the edges.
        edge.push_back(MakeOperation(kOperations[(3 * e + k) % kOperations.size()], options));
        edge.back()->to(at::kDouble);
        edge.back()->to(device);
        for (const at::Tensor& weight : edge.back()->parameters()) weights_.push_back(weight);
      }
    }
    const at::Generator data = MakeGenerator(1, "data");
    for (int i = 0; i < 2; ++i) {
      inputs_.push_back(at::randn({3, 4, 8, 8}, data, at::kDouble).to(device).requires_grad_());
    }
    probabilities_ =
        at::randn({14, static_cast<int64_t>(candidates)}, data, at::kDouble).softmax(1).to(device);
  }

  /// The output and the gradients of a forward and a backward pass.
  std::vector<at::Tensor> Pass(Of of) {
    for (const at::Tensor& weight : weights_) weight.set_requires_grad(of == Of::kWeights);
    probabilities_.set_requires_grad(of == Of::kProbabilities);
    std::vector<at::Tensor> leaves = inputs_;
    if (of == Of::kWeights) leaves.insert(leaves.end(), weights_.begin(), weights_.end());
    if (of == Of::kProbabilities) leaves.push_back(probabilities_);
    const at::Tensor y =
        MixedNodes(graph_, operations_, inputs_, probabilities_, ForwardContext(), backend_);
    std::vector<at::Tensor> results = torch::autograd::grad({y}, leaves, {at::ones_like(y)});
    results.push_back(y.detach());
    return results;
  }

  DeviceCounters CountersOf(Of of) {
    Pass(of);  // the first pass may allocate memory
    ResetCounters();
    Pass(of);
    return Counters();
  }

  std::vector<at::Tensor> Buffers() const {
    std::vector<at::Tensor> all;
    for (const EdgeOperations& edge : operations_) {
      for (const auto& operation : edge) {
        for (const at::Tensor& buffer : operation->buffers()) all.push_back(buffer);
      }
    }
    return all;
  }

 private:
  const Backend backend_;
  const c10::Device device_;
  MixedGraph graph_;
  std::vector<EdgeOperations> operations_;
  std::vector<at::Tensor> weights_, inputs_;
  at::Tensor probabilities_;
};

void ExpectClose(const std::vector<at::Tensor>& actual, const std::vector<at::Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    const at::Tensor a = actual[i].to(at::kCPU), e = expected[i].to(at::kCPU);
    ASSERT_EQ(a.sizes(), e.sizes()) << i;
    EXPECT_TRUE(a.allclose(e, 1e-9, 1e-9)) << i;
  }
}

TEST(GroupedCell, IsOnADeviceWhatTheCompositionIsOnTheCpu) {
  for (const int64_t reduction : {1, 2}) {
    for (const bool affine : {false, true}) {
      Cell grouped(FUSED, CountingDevice(), 5, reduction, affine);
      Cell reference(REFERENCE, at::kCPU, 5, reduction, affine);
      for (const Of of : {Of::kWeights, Of::kProbabilities}) {
        ExpectClose(grouped.Pass(of), reference.Pass(of));
      }
      ExpectClose(grouped.Buffers(), reference.Buffers());
    }
  }
}

TEST(GroupedCell, DispatchesAtMostAThirdOfTheOperationsOfTheComposition) {
  for (const size_t candidates : {8, 5}) {
    for (const int64_t reduction : {1, 2}) {
      for (const Of of : {Of::kWeights, Of::kProbabilities}) {
        const int64_t grouped =
            Cell(FUSED, CountingDevice(), candidates, reduction, false).CountersOf(of).operations;
        const int64_t reference = Cell(REFERENCE, CountingDevice(), candidates, reduction, false)
                                      .CountersOf(of)
                                      .operations;
        EXPECT_GT(grouped, 0);
        EXPECT_LE(3 * grouped, reference)
            << candidates << " candidates, reduction " << reduction << ": " << grouped;
      }
    }
  }
}

TEST(GroupedCell, NeitherCopiesNorWaitsNorAllocatesAfterTheFirstPass) {
  Cell cell(FUSED, CountingDevice(), 8, 1, false);
  for (const Of of : {Of::kWeights, Of::kProbabilities}) {
    const DeviceCounters counters = cell.CountersOf(of);
    EXPECT_EQ(counters.copies_to_device, 0);
    EXPECT_EQ(counters.copies_from_device, 0);
    EXPECT_EQ(counters.synchronizations, 0);
    EXPECT_EQ(counters.allocations, 0);
  }
}

}  // namespace
}  // namespace pdarts::nn
