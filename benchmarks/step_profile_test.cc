#include "benchmarks/step_profile.h"

#include "ATen/ops/mm.h"
#include "ATen/ops/ones.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

ProfiledEvent Call(const std::string& name, int64_t begin, int64_t end, uint64_t thread = 1) {
  return {name, /*on_device=*/false, thread, begin, end};
}

ProfiledEvent OnDevice(const std::string& name, int64_t begin, int64_t end) {
  return {name, /*on_device=*/true, 0, begin, end};
}

TEST(SlowestKernels, OfTheHostAreWithoutTheCallsWithin) {
  const std::vector<ProfiledEvent> events = {
      Call("aten::relu", 10, 40), Call("aten::conv2d", 0, 100), Call("aten::mm", 50, 90),
      Call("aten::mm", 60, 70, /*thread=*/2), Call("aten::conv2d", 200, 210)};
  const std::vector<KernelTime> slowest = SlowestKernels(events, 2);
  ASSERT_EQ(slowest.size(), 2u);
  EXPECT_EQ(slowest[0].name, "aten::mm");
  EXPECT_EQ(slowest[0].calls, 2);
  EXPECT_DOUBLE_EQ(slowest[0].seconds, 50e-9);
  EXPECT_EQ(slowest[1].name, "aten::conv2d");
  EXPECT_DOUBLE_EQ(slowest[1].seconds, 40e-9);
}

TEST(SlowestKernels, OfTheDeviceAloneWhereItComputed) {
  const std::vector<ProfiledEvent> events = {Call("aten::mm", 0, 1000), OnDevice("gemm", 5, 25),
                                             OnDevice("add", 30, 31), OnDevice("gemm", 40, 50)};
  const std::vector<KernelTime> slowest = SlowestKernels(events, 10);
  ASSERT_EQ(slowest.size(), 2u);
  EXPECT_EQ(slowest[0].name, "gemm");
  EXPECT_EQ(slowest[0].calls, 2);
  EXPECT_DOUBLE_EQ(slowest[0].seconds, 30e-9);
  EXPECT_DOUBLE_EQ(DeviceSeconds(events), 31e-9);
}

TEST(CountCalls, TellsWhatTheDeviceWasAskedFor) {
  const CallCounts counts =
      CountCalls({Call("aten::conv2d", 0, 100), Call("aten::convolution", 10, 90),
                  Call("cudaLaunchKernel", 20, 30), Call("cudaLaunchKernelExC", 31, 40),
                  Call("cuLaunchKernel", 41, 50), Call("aten::relu", 110, 120),
                  Call("cudaGraphLaunch", 130, 140), Call("cudaStreamSynchronize", 150, 160),
                  Call("cudaDeviceSynchronize", 170, 180), Call("cudaMemcpyAsync", 190, 191),
                  OnDevice("Memcpy HtoD (Pinned -> Device)", 191, 192),
                  OnDevice("Memcpy DtoH (Device -> Pageable)", 193, 194),
                  OnDevice("Memcpy DtoD (Device -> Device)", 195, 196)});
  EXPECT_EQ(counts.operators, 2);
  EXPECT_EQ(counts.launches, 3);
  EXPECT_EQ(counts.graph_launches, 1);
  EXPECT_EQ(counts.synchronizations, 2);
  EXPECT_EQ(counts.copies_to_device, 1);
  EXPECT_EQ(counts.copies_from_device, 1);
}

TEST(StepProfiler, RecordsOperatorsBetweenStartAndStop) {
  const StepProfiler profiler(c10::kCPU);
  const at::Tensor a = at::ones({8, 8});
  profiler.Start();
  for (int i = 0; i < 3; ++i) at::mm(a, a);
  const std::vector<ProfiledEvent> events = profiler.Stop();
  at::mm(a, a);
  int64_t products = 0;
  for (const ProfiledEvent& event : events) {
    EXPECT_FALSE(event.on_device) << event.name;
    EXPECT_LE(event.begin_ns, event.end_ns) << event.name;
    products += event.name == "aten::mm" ? 1 : 0;
  }
  EXPECT_EQ(products, 3);
  // A product calls other operators, whose number depends on LibTorch.
  EXPECT_GE(CountCalls(events).operators, 3);
}

}  // namespace
}  // namespace pdarts
