#include "pdarts/core/backend.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kVariable[] = "PDARTS_KERNEL_VARIANT";

/// Each test begins without the environment variable.
class BackendTest : public testing::Test {
 protected:
  BackendTest() {
    if (const char* value = std::getenv(kVariable)) before_ = value;
    unsetenv(kVariable);
  }
  ~BackendTest() override {
    if (before_) {
      setenv(kVariable, before_->c_str(), /*overwrite=*/1);
    } else {
      unsetenv(kVariable);
    }
  }

  static std::string NameOf(Kernels kernels, Precision precision, c10::Device device = c10::kCPU) {
    return BackendName(ResolveBackend(kernels, precision, device).value());
  }

 private:
  std::optional<std::string> before_;
};

TEST_F(BackendTest, ThePortableLoopsRunEverywhereAndTheBestIsOneThatRuns) {
  const std::vector<InstructionSet> runnable = RunnableInstructionSets();
  ASSERT_FALSE(runnable.empty());
  EXPECT_EQ(runnable.front(), InstructionSet::kPortable);
  for (const c10::ScalarType storage : {c10::kFloat, c10::kDouble, c10::kBFloat16}) {
    EXPECT_EQ(std::count(runnable.begin(), runnable.end(), BestInstructionSet(storage)), 1);
  }
  EXPECT_EQ(BestInstructionSet(c10::kBFloat16), runnable.back());
}

TEST_F(BackendTest, TheBfloat16DotProductIsForBfloat16Alone) {
  EXPECT_NE(BestInstructionSet(c10::kFloat), InstructionSet::kAvx512Bf16);
  EXPECT_NE(BestInstructionSet(c10::kDouble), InstructionSet::kAvx512Bf16);
}

TEST_F(BackendTest, APrecisionDecidesTheTypes) {
  for (const Kernels kernels : {FUSED, REFERENCE}) {
    const Backend single = ResolveBackend(kernels, FLOAT32, c10::kCPU).value();
    EXPECT_EQ(single.kernels, kernels);
    EXPECT_EQ(single.parameters, c10::kFloat);
    EXPECT_EQ(single.storage, c10::kFloat);
    EXPECT_TRUE(single.device.is_cpu());
    EXPECT_EQ(single.channels_last(), kernels == FUSED);
    const Backend twice = ResolveBackend(kernels, FLOAT64, c10::kCPU).value();
    EXPECT_EQ(twice.parameters, c10::kDouble);
    EXPECT_EQ(twice.storage, c10::kDouble);
    const Backend half = ResolveBackend(kernels, BFLOAT16, c10::kCPU).value();
    EXPECT_EQ(half.parameters, c10::kFloat);
    EXPECT_EQ(half.storage, c10::kBFloat16);
  }
}

TEST_F(BackendTest, AnotherDeviceThanTheCpuHasNoFusedKernels) {
  const c10::Device device(c10::kCUDA, 1);
  for (const Kernels kernels : {FUSED, REFERENCE}) {
    for (const Precision precision : {FLOAT32, FLOAT64, BFLOAT16}) {
      const Backend backend = ResolveBackend(kernels, precision, device).value();
      EXPECT_EQ(backend.kernels, kernels == FUSED ? GROUPED : REFERENCE);
      EXPECT_EQ(backend.device, device);
      EXPECT_EQ(backend.channels_last(), precision == BFLOAT16);
    }
  }
}

TEST_F(BackendTest, Float16IsForOtherDevicesThanTheCpu) {
  for (const Kernels kernels : {FUSED, REFERENCE}) {
    const Backend half = ResolveBackend(kernels, FLOAT16, c10::Device(c10::kCUDA, 1)).value();
    EXPECT_EQ(half.parameters, c10::kFloat);
    EXPECT_EQ(half.storage, c10::kHalf);
    EXPECT_TRUE(half.is_narrow());
    EXPECT_TRUE(half.channels_last());
    EXPECT_EQ(half.kernels, kernels == FUSED ? GROUPED : REFERENCE);
    EXPECT_TRUE(CheckPrecision(half, "search.precision").ok());
    // A command that computes nothing reads the spec all the same.
    const Backend here = ResolveBackend(kernels, FLOAT16, c10::kCPU).value();
    EXPECT_EQ(here.kernels, REFERENCE) << "no fused loop computes in float16";
    EXPECT_FALSE(here.channels_last());
    const absl::Status status = CheckPrecision(here, "search.precision");
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("search.precision: FLOAT16"), HasSubstr("the device is cpu"),
                      HasSubstr("BFLOAT16")));
  }
  for (const Precision precision : {FLOAT32, FLOAT64, BFLOAT16}) {
    EXPECT_TRUE(CheckPrecision(ResolveBackend(FUSED, precision, c10::kCPU).value(), "a").ok());
  }
}

TEST_F(BackendTest, ANameSaysWhatComputes) {
  const std::string best = InstructionSetName(BestInstructionSet());
  EXPECT_EQ(NameOf(FUSED, FLOAT32), "fused/" + best);
  EXPECT_EQ(NameOf(FUSED, FLOAT64), "fused/" + best);
  EXPECT_EQ(NameOf(FUSED, BFLOAT16), std::string("fused/") +
                                         InstructionSetName(BestInstructionSet(c10::kBFloat16)) +
                                         ", bfloat16");
  EXPECT_EQ(NameOf(REFERENCE, FLOAT32), "reference");
  EXPECT_EQ(NameOf(REFERENCE, FLOAT64), "reference");
  EXPECT_EQ(NameOf(REFERENCE, BFLOAT16), "reference, bfloat16");
  EXPECT_EQ(NameOf(FUSED, FLOAT32, c10::kCUDA), "grouped/cuda");
  EXPECT_EQ(NameOf(FUSED, BFLOAT16, c10::kCUDA), "grouped/cuda, bfloat16");
  EXPECT_EQ(NameOf(REFERENCE, FLOAT32, c10::kCUDA), "reference/cuda");
  EXPECT_EQ(NameOf(REFERENCE, BFLOAT16, c10::Device(c10::kCUDA, 1)), "reference/cuda, bfloat16");
  EXPECT_EQ(NameOf(REFERENCE, FLOAT16, c10::kCUDA), "reference/cuda, float16");
  Backend backend;
  backend.instructions = InstructionSet::kAvx512Bf16;
  backend.storage = c10::kBFloat16;
  EXPECT_EQ(BackendName(backend), "fused/avx512_bf16, bfloat16");
}

TEST_F(BackendTest, TheEnvironmentNamesTheInstructionSet) {
  for (const InstructionSet instructions : RunnableInstructionSets()) {
    setenv(kVariable, InstructionSetName(instructions), /*overwrite=*/1);
    for (const Precision precision : {FLOAT32, FLOAT64, BFLOAT16}) {
      EXPECT_EQ(ResolveBackend(FUSED, precision, c10::kCPU).value().instructions, instructions);
    }
    EXPECT_EQ(NameOf(FUSED, FLOAT32), std::string("fused/") + InstructionSetName(instructions));
    EXPECT_EQ(NameOf(REFERENCE, FLOAT32), "reference");
  }
}

TEST_F(BackendTest, AnInstructionSetThatCannotRunIsAnErrorThatListsThoseThatCan) {
  std::vector<std::string> wrong = {"fast", "", "AVX2", "composition"};
  const std::vector<InstructionSet> runnable = RunnableInstructionSets();
  for (const InstructionSet instructions :
       {InstructionSet::kAvx2, InstructionSet::kAvx512, InstructionSet::kAvx512Bf16}) {
    if (std::count(runnable.begin(), runnable.end(), instructions) == 0) {
      wrong.push_back(InstructionSetName(instructions));
    }
  }
  for (const std::string& name : wrong) {
    setenv(kVariable, name.c_str(), /*overwrite=*/1);
    const absl::Status status = ResolveBackend(FUSED, FLOAT32, c10::kCPU).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(std::string(kVariable) + ": \"" + name + "\""));
    for (const InstructionSet instructions : runnable) {
      EXPECT_TRUE(absl::StrContains(status.message(), InstructionSetName(instructions))) << status;
    }
  }
}

}  // namespace
}  // namespace pdarts
