// Search steps on the counting device: they allocate nothing, wait for nothing, and are the same
// each time, so that a device can repeat a recorded step; and a repeated step computes what a step
// without a recording computes.

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/knob.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/trainers/search_step.h"
#include "tests/search/counting_graph_recorder.h"

namespace pdarts {
namespace {

constexpr int64_t kImages = 6;
constexpr int kPasses = 2;  // of a step: that of the alphas and that of the weights

using Tensors = std::vector<at::Tensor>;

/// Few candidates, others on each edge.
Candidates SomeCandidates(const SearchSpace& space) {
  Candidates candidates = space.InitialCandidates().value();
  for (CellCandidates& cell : candidates) {
    for (size_t e = 0; e < cell.size(); ++e) {
      const EdgeCandidates all = cell[e];
      cell[e] = {all[e % all.size()], all[(e + 2) % all.size()], all[(e + 4) % all.size()]};
      std::sort(cell[e].begin(), cell[e].end());
      cell[e].erase(std::unique(cell[e].begin(), cell[e].end()), cell[e].end());
      cell[e].resize(2);
    }
  }
  return candidates;
}

struct StepCase {
  std::string space;
  Kernels kernels;
};

std::shared_ptr<SuperNet> MakeNet(const StepCase& of, Precision precision = FLOAT32) {
  const auto space = Registry<SearchSpace>::CreateDefault(of.space).value();
  SuperNetShape shape;
  shape.cells = of.space == "darts" ? 3 : 1;
  shape.channels = 4;
  shape.image = {3, 16, 16};
  shape.backend = ResolveBackend(of.kernels, precision, CountingDevice()).value();
  const std::shared_ptr<SuperNet> super_net =
      space->BuildSuperNet(SomeCandidates(*space), shape, MakeGenerator(1, "weights")).value();
  super_net->InitializeAlphas(0.1, MakeGenerator(1, "alphas"));
  super_net->to(shape.backend.device, shape.backend.parameters);
  super_net->train();
  return super_net;
}

Batch ABatch(int step, uint64_t seed, int64_t images = kImages, at::ScalarType type = at::kFloat) {
  Batch batch;
  batch.images = at::randn({images, 3, 16, 16}, MakeGenerator(seed + step, "images"))
                     .to(CountingDevice(), type);
  batch.labels = at::randint(10, {images}, MakeGenerator(seed + step, "labels"), at::kLong)
                     .to(CountingDevice());
  batch.epoch = step / 5;
  batch.first_image = kImages * (step % 5);
  return batch;
}

Tensors CopiesOf(const Tensors& tensors) {
  Tensors copies;
  for (const at::Tensor& tensor : tensors) copies.push_back(tensor.detach().to(at::kCPU).clone());
  return copies;
}

void ExpectEqual(const Tensors& a, const Tensors& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].equal(b[i])) << what << " " << i;
}

class StepOnDeviceTest : public ::testing::TestWithParam<StepCase> {
 protected:
  StepOnDeviceTest() { settings_.set_cuda_graphs(ON); }

  WithCountingGraphs graphs_;
  SearchSettings settings_;
};

/// What steps leave, on the CPU.
struct Outcome {
  Tensors parameters, buffers, momentum, means;
  std::string meters;
  RecorderCalls calls;
};

TEST_P(StepOnDeviceTest, RepeatedStepsComputeWhatStepsWithoutARecordingCompute) {
  const auto train = [&](CudaGraphs mode) {
    const RecorderCalls before = graphs_.calls();
    settings_.set_cuda_graphs(mode);
    const std::shared_ptr<SuperNet> super_net = MakeNet(GetParam());
    SearchStep step(super_net, settings_, /*seed=*/1);
    EXPECT_TRUE(step.is_on_device());
    EXPECT_EQ(step.warm_ups(), mode == OFF ? 0 : StepGraph::kWarmUps);
    Meter weights, alphas;
    for (int i = 0; i < 14; ++i) {
      // Other operations, and later another rate of the same operations.
      const double dropout = i < 6 ? 0 : i < 12 ? 0.3 : 0.6;
      EXPECT_TRUE(super_net->SetKnob(kSkipDropoutKnob, dropout).ok());
      const int64_t images = i == 11 ? kImages - 2 : kImages;  // a last batch of an epoch
      const Batch of_weights = ABatch(i, 100, images), of_alphas = ABatch(i, 200, images);
      const double rate = 0.025 - 0.001 * i;
      EXPECT_TRUE(step.TrainAlphas(of_weights, of_alphas, rate).ok());
      EXPECT_TRUE(step.TrainWeights(of_weights, rate).ok());
      weights.Await(images);
      alphas.Await(images);
    }
    EXPECT_FALSE(step.Read(&weights, &alphas).has_value());
    Outcome outcome;
    outcome.parameters = CopiesOf(super_net->parameters());
    outcome.buffers = CopiesOf(super_net->buffers());
    outcome.momentum = CopiesOf(step.weights().momentum());
    outcome.means = CopiesOf(step.alphas().means());
    EXPECT_EQ(step.weights().steps(), 14);
    EXPECT_EQ(step.alphas().steps().front().item<float>(), 14);
    outcome.meters =
        absl::StrCat(weights.State().SerializeAsString(), alphas.State().SerializeAsString());
    EXPECT_GT(weights.Mean().loss, 1);
    outcome.calls.runs = graphs_.calls().runs - before.runs;
    outcome.calls.records = graphs_.calls().records - before.records;
    outcome.calls.replays = graphs_.calls().replays - before.replays;
    return outcome;
  };
  const Outcome without = train(OFF);
  EXPECT_EQ(without.calls.runs + without.calls.records, 0);
  const Outcome with = train(ON);
  ExpectEqual(with.parameters, without.parameters, "parameter");
  ExpectEqual(with.buffers, without.buffers, "buffer");
  ExpectEqual(with.momentum, without.momentum, "momentum");
  ExpectEqual(with.means, without.means, "mean");
  EXPECT_EQ(with.meters, without.meters);
  EXPECT_EQ(with.calls.runs, 2 * kPasses * StepGraph::kWarmUps);
  EXPECT_EQ(with.calls.records, 2 * kPasses);
  EXPECT_EQ(with.calls.replays, 7 * kPasses);  // steps 3 to 5, 9, 10, 12 and 13
}

TEST_P(StepOnDeviceTest, AfterTheFirstStepsAStepAllocatesNothingWaitsForNothingAndIsTheSame) {
  settings_.set_cuda_graphs(OFF);
  const std::shared_ptr<SuperNet> super_net = MakeNet(GetParam());
  ASSERT_TRUE(super_net->SetKnob(kSkipDropoutKnob, 0.3).ok());
  ASSERT_TRUE(super_net->SetKnob(kEdgeDropPathKnob, 0.2).ok());
  SearchStep step(super_net, settings_, /*seed=*/1);
  Batch batch = ABatch(0, 100);
  std::set<const void*> lasting = {batch.images.const_data_ptr(), batch.labels.const_data_ptr()};
  for (const std::vector<at::Tensor>& tensors :
       {super_net->parameters(), super_net->buffers(), step.weights().momentum(),
        step.alphas().means(), step.alphas().squares(), step.alphas().steps()}) {
    for (const at::Tensor& tensor : tensors) lasting.insert(tensor.const_data_ptr());
  }
  std::vector<RecordedOperation> before;
  size_t lasting_tensors = 0;
  for (int i = 0; i < 6; ++i) {
    batch.first_image = kImages * i;
    ResetCounters();
    DeviceRecording recording;
    ASSERT_TRUE(step.TrainAlphas(batch, batch, 0.025).ok());
    ASSERT_TRUE(step.TrainWeights(batch, 0.025).ok());
    std::vector<RecordedOperation> operations = recording.Stop();
    if (i < 3) continue;
    const DeviceCounters counters = Counters();
    EXPECT_EQ(counters.allocations, 0);
    EXPECT_EQ(counters.synchronizations, 0);
    EXPECT_EQ(counters.copies_to_device, 0);
    EXPECT_EQ(counters.copies_from_device, 0);
    for (RecordedOperation& operation : operations) {
      // The position of the batch, which the host writes before a pass.
      if (absl::StartsWith(operation.name, "aten::fill_")) operation.values.clear();
      // Temporary tensors have the same addresses in each step only if a graph repeats a recorded
      // step, because LibTorch's threads free memory in any order.
      for (RecordedTensor& tensor : operation.tensors) {
        if (lasting.count(tensor.address) > 0) {
          ++lasting_tensors;
        } else {
          tensor.address = nullptr;
        }
      }
    }
    if (i > 3) {
      EXPECT_EQ(FirstDifference(before, operations), "") << "step " << i;
    }
    before = std::move(operations);
  }
  EXPECT_GT(before.size(), 100u);
  EXPECT_GT(lasting_tensors, lasting.size());
}

TEST_P(StepOnDeviceTest, ARepeatedStepIsAFewOperationsOfTheHost) {
  const std::shared_ptr<SuperNet> super_net = MakeNet(GetParam());
  SearchStep step(super_net, settings_, /*seed=*/1);
  for (int i = 0; i < 7; ++i) {
    const Batch batch = ABatch(i % 5, 100);
    ResetCounters();
    ASSERT_TRUE(step.TrainAlphas(batch, batch, 0.025 - 0.001 * i).ok());
    ASSERT_TRUE(step.TrainWeights(batch, 0.025 - 0.001 * i).ok());
    if (i < 5) continue;
    const DeviceCounters counters = Counters();
    // Of each pass: images, labels, epoch, position, the graph; and the learning rate.
    EXPECT_LE(counters.operations, 15) << i;
    EXPECT_EQ(counters.allocations, 0) << i;
    EXPECT_EQ(counters.synchronizations, 0) << i;
  }
}

/// The number that is not finite, and the message about it.
enum class Poison { kWeightLoss, kAlphaLoss, kAlphas };

TEST_P(StepOnDeviceTest, ANumberThatIsNotFiniteStopsTheStepsFromThereOn) {
  for (const CudaGraphs mode : {OFF, ON}) {
    for (const Poison poison : {Poison::kWeightLoss, Poison::kAlphaLoss, Poison::kAlphas}) {
      settings_.set_cuda_graphs(mode);
      const std::shared_ptr<SuperNet> super_net = MakeNet(GetParam());
      SearchStep step(super_net, settings_, /*seed=*/1);
      const at::Tensor factor = at::zeros({}, at::TensorOptions(CountingDevice()));
      step.set_penalty(
          [&](GradientOf of) {
            return of == GradientOf::kAlphas ? super_net->alphas()[0].sum() * factor : at::Tensor();
          },
          [] { return std::vector<double>(); });
      Meter weights, alphas;
      Tensors weights_then, alphas_then;
      for (int i = 0; i < 7; ++i) {
        Batch of_weights = ABatch(i, 100), of_alphas = ABatch(i, 200);
        if (i == 4) {
          if (poison == Poison::kWeightLoss) of_weights.images.fill_(NAN);
          if (poison == Poison::kAlphaLoss) of_alphas.images.fill_(NAN);
          if (poison == Poison::kAlphas) factor.fill_(std::numeric_limits<float>::infinity());
          weights_then = CopiesOf(super_net->weights());
          alphas_then = CopiesOf(super_net->alphas());
        }
        EXPECT_TRUE(step.TrainAlphas(of_weights, of_alphas, 0.025).ok());
        if (i == 4 && poison == Poison::kWeightLoss) alphas_then = CopiesOf(super_net->alphas());
        EXPECT_TRUE(step.TrainWeights(of_weights, 0.025).ok());
        if (i == 3) {
          EXPECT_FALSE(step.Read(&weights, &alphas).has_value());
        }
      }
      const auto failure = step.Read(&weights, &alphas);
      ASSERT_TRUE(failure.has_value());
      EXPECT_EQ(failure->steps_ago, 2);
      ExpectEqual(CopiesOf(super_net->weights()), weights_then, "weight");
      switch (poison) {
        case Poison::kWeightLoss:
          EXPECT_EQ(failure->what, "the loss of the weights is not a finite number");
          ExpectEqual(CopiesOf(super_net->alphas()), alphas_then, "alpha");
          break;
        case Poison::kAlphaLoss:
          EXPECT_EQ(failure->what, "the loss of the alphas is not a finite number");
          ExpectEqual(CopiesOf(super_net->alphas()), alphas_then, "alpha");
          break;
        case Poison::kAlphas:
          EXPECT_EQ(failure->what, "an alpha is not a finite number");
          break;
      }
    }
  }
}

TEST_P(StepOnDeviceTest, WhatCannotBeRecordedIsComputedOperationByOperation) {
  // How often passes were recorded in five steps.
  const auto records = [&](const SearchSettings& settings, Precision precision,
                           const SearchStep::PenaltyConstants& constants) {
    const int before = graphs_.calls().records;
    const std::shared_ptr<SuperNet> super_net = MakeNet(GetParam(), precision);
    SearchStep step(super_net, settings, /*seed=*/1);
    step.set_penalty([&](GradientOf) { return at::Tensor(); }, constants);
    const at::ScalarType type = precision == FLOAT64 ? at::kDouble : at::kFloat;
    for (int i = 0; i < 5; ++i) {
      const Batch batch = ABatch(i, 100, kImages, type);
      EXPECT_TRUE(step.TrainAlphas(batch, batch, 0.025).ok());
      EXPECT_TRUE(step.TrainWeights(batch, 0.025).ok());
    }
    Meter weights, alphas;
    EXPECT_FALSE(step.Read(&weights, &alphas).has_value());
    return graphs_.calls().records - before;
  };
  const auto none = [] { return std::vector<double>(); };
  EXPECT_EQ(records(settings_, FLOAT32, none), kPasses);
  EXPECT_EQ(records(settings_, FLOAT64, none), 0);
  EXPECT_EQ(records(settings_, FLOAT32, /*constants=*/{}), 0);
  EXPECT_EQ(records(settings_, FLOAT32,
                    []() -> std::optional<std::vector<double>> { return std::nullopt; }),
            0);
  double constant = 0;
  EXPECT_EQ(records(settings_, FLOAT32, [&] { return std::vector<double>{constant += 1e-9}; }), 0)
      << "a recorded step has the constants of an earlier one";
  SearchSettings unrolled = settings_;
  unrolled.set_alpha_gradients(UNROLLED);
  EXPECT_EQ(records(unrolled, FLOAT32, none), 1) << "only that of the weights";
}

INSTANTIATE_TEST_SUITE_P(Spaces, StepOnDeviceTest,
                         ::testing::Values(StepCase{"darts", REFERENCE}, StepCase{"darts", FUSED},
                                           StepCase{"nasbench201", REFERENCE},
                                           StepCase{"nasbench201", FUSED}),
                         [](const auto& info) {
                           return absl::StrCat(info.param.space, Kernels_Name(info.param.kernels));
                         });

}  // namespace
}  // namespace pdarts
