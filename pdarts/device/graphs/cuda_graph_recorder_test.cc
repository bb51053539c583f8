// Tests on a CUDA device. They have not run yet.

#include <memory>

#include "ATen/Context.h"
#include "ATen/ops/full.h"
#include "ATen/ops/zeros.h"
#include "c10/core/CachingDeviceAllocator.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "pdarts/device/graphs/graph_recorder.h"

namespace pdarts {
namespace {

class CudaGraphRecorderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "this machine has no CUDA device";
    recorder_ = MakeGraphRecorder(device_);
    ASSERT_NE(recorder_, nullptr);
  }

  const c10::Device device_ = c10::Device(c10::kCUDA, 0);
  std::unique_ptr<GraphRecorder> recorder_;
};

TEST_F(CudaGraphRecorderTest, AReplayReadsWhatTheInputsAreThen) {
  const at::Tensor input = at::full({4}, 1, at::TensorOptions(device_));
  const at::Tensor sum = at::zeros({4}, at::TensorOptions(device_));
  const auto compute = [&] { sum.add_(input.mul(2)); };
  for (int i = 0; i < 3; ++i) recorder_->Run(compute);
  const std::unique_ptr<RecordedGraph> graph = recorder_->Record(compute);
  EXPECT_EQ(sum[0].item<double>(), 6) << "recording computes nothing";
  graph->Replay();
  EXPECT_EQ(sum[0].item<double>(), 8);
  input.fill_(5);
  graph->Replay();
  EXPECT_EQ(sum[0].item<double>(), 18);
}

TEST_F(CudaGraphRecorderTest, WhatWaitsForTheDeviceIsNotRecorded) {
  const at::Tensor input = at::full({4}, 1, at::TensorOptions(device_));
  EXPECT_THROW(recorder_->Record([&] { input.sum().item<double>(); }), c10::Error);
  EXPECT_EQ(input.add(1).sum().item<double>(), 8) << "the device computes as before";
  // LibTorch refuses to return memory if it believes that a recording has not ended.
  at::getDeviceAllocator(c10::kCUDA)->emptyCache();
  at::Tensor sum;
  const std::unique_ptr<RecordedGraph> graph = recorder_->Record([&] { sum = input.add(2); });
  graph->Replay();
  EXPECT_EQ(sum[0].item<double>(), 3);
}

TEST_F(CudaGraphRecorderTest, GraphsAreRecordedAfterOthersHaveEnded) {
  const at::Tensor input = at::full({1 << 20}, 1, at::TensorOptions(device_));
  at::Tensor kept, last;
  std::unique_ptr<RecordedGraph> graph = recorder_->Record([&] { kept = input.add(1); });
  graph->Replay();
  // A tensor of the ended graph still exists.
  graph.reset();
  graph = recorder_->Record([&] { last = input.add(2); });
  const std::unique_ptr<RecordedGraph> other = recorder_->Record([&] { last.add_(1); });
  graph->Replay();
  other->Replay();
  EXPECT_EQ(kept[0].item<double>(), 2);
  EXPECT_EQ(last[0].item<double>(), 4);
  // Graphs that share their memory may end in any order.
  graph = recorder_->Record([&] { last = input.add(5); });
  graph->Replay();
  EXPECT_EQ(last[0].item<double>(), 6);
}

}  // namespace
}  // namespace pdarts
