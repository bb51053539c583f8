#include "pdarts/core/device_modes.h"

#include <cstdlib>
#include <string>

#include "ATen/Context.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

constexpr char kWorkspace[] = "CUBLAS_WORKSPACE_CONFIG";

/// Each test leaves LibTorch as it was.
class DeviceModesTest : public testing::Test {
 protected:
  DeviceModesTest()
      : deterministic_(context().deterministicAlgorithms()),
        warns_(context().deterministicAlgorithmsWarnOnly()),
        fills_(context().deterministicFillUninitializedMemory()),
        deterministic_cudnn_(context().deterministicCuDNN()),
        benchmark_(context().benchmarkCuDNN()),
        cudnn_tf32_(context().allowTF32CuDNN()),
        cublas_tf32_(context().allowTF32CuBLAS()) {
    unsetenv(kWorkspace);
  }
  ~DeviceModesTest() override {
    context().setDeterministicAlgorithms(deterministic_, warns_);
    context().setDeterministicFillUninitializedMemory(fills_);
    context().setDeterministicCuDNN(deterministic_cudnn_);
    context().setBenchmarkCuDNN(benchmark_);
    context().setAllowTF32CuDNN(cudnn_tf32_);
    context().setAllowTF32CuBLAS(cublas_tf32_);
    unsetenv(kWorkspace);
  }

  static at::Context& context() { return at::globalContext(); }
  static Backend On(c10::Device device) { return ResolveBackend(FUSED, FLOAT32, device).value(); }

 private:
  const bool deterministic_, warns_, fills_, deterministic_cudnn_, benchmark_, cudnn_tf32_,
      cublas_tf32_;
};

TEST_F(DeviceModesTest, ADeterministicRunChoosesOperatorsThatRepeat) {
  SetDeviceModes(On(c10::kCUDA), /*deterministic=*/true);
  EXPECT_TRUE(context().deterministicAlgorithms());
  EXPECT_TRUE(context().deterministicAlgorithmsWarnOnly());
  EXPECT_FALSE(context().deterministicFillUninitializedMemory());
  EXPECT_TRUE(context().deterministicCuDNN());
  EXPECT_FALSE(context().benchmarkCuDNN());
  EXPECT_FALSE(context().allowTF32CuDNN());
  EXPECT_FALSE(context().allowTF32CuBLAS());
  ASSERT_NE(std::getenv(kWorkspace), nullptr);
  EXPECT_EQ(std::getenv(kWorkspace), std::string(":4096:8"));
}

TEST_F(DeviceModesTest, AnotherRunLetsCuDnnMeasureItsAlgorithms) {
  SetDeviceModes(On(c10::kCUDA), /*deterministic=*/false);
  EXPECT_FALSE(context().deterministicAlgorithms());
  EXPECT_FALSE(context().deterministicCuDNN());
  EXPECT_TRUE(context().benchmarkCuDNN());
  EXPECT_EQ(std::getenv(kWorkspace), nullptr);
}

TEST_F(DeviceModesTest, TheUsersWorkspaceStays) {
  setenv(kWorkspace, ":16:8", /*overwrite=*/1);
  SetDeviceModes(On(c10::kCUDA), /*deterministic=*/true);
  EXPECT_EQ(std::getenv(kWorkspace), std::string(":16:8"));
}

TEST_F(DeviceModesTest, TheCpuStaysAsItIs) {
  const bool before = context().deterministicAlgorithms(), tf32 = context().allowTF32CuDNN();
  SetDeviceModes(On(c10::kCPU), /*deterministic=*/true);
  EXPECT_EQ(context().deterministicAlgorithms(), before);
  EXPECT_EQ(context().allowTF32CuDNN(), tf32);
  EXPECT_EQ(std::getenv(kWorkspace), nullptr);
}

}  // namespace
}  // namespace pdarts
