#include "pdarts/core/kernel_use.h"

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;

TEST(KernelUse, NamesWhatWasNotedOnceAndInOrder) {
  EXPECT_TRUE(UsedKernels().empty());
  static KernelUse reference("reference"), elsewhere("reference"), grouped("grouped");
  reference.Note(c10::kCUDA);
  reference.Note(c10::kCPU);
  reference.Note(c10::kCUDA);
  elsewhere.Note(c10::kCUDA);
  EXPECT_THAT(UsedKernels(), ElementsAre("reference", "reference/cuda"));
  grouped.Note(c10::kCUDA);
  NoteFusedKernels(InstructionSet::kAvx2);
  EXPECT_THAT(UsedKernels(),
              ElementsAre("fused/avx2", "grouped/cuda", "reference", "reference/cuda"));
}

TEST(KernelUse, RecordsNothingDuringAPause) {
  static KernelUse counted("counted");
  {
    const KernelUse::Pause pause;
    { const KernelUse::Pause nested; }
    counted.Note(c10::kCPU);
    EXPECT_THAT(UsedKernels(), ::testing::Not(::testing::Contains("counted")));
    std::thread([] { counted.Note(c10::kCUDA); }).join();
    EXPECT_THAT(UsedKernels(), ::testing::Contains("counted/cuda")) << "another thread";
  }
  counted.Note(c10::kCPU);
  EXPECT_THAT(UsedKernels(), ::testing::Contains("counted"));
}

TEST(KernelUse, FusedKernelsHaveTheNamesOfTheBackend) {
  for (const InstructionSet instructions : {InstructionSet::kPortable, InstructionSet::kAvx2,
                                            InstructionSet::kAvx512, InstructionSet::kAvx512Bf16}) {
    NoteFusedKernels(instructions);
    Backend backend;
    backend.instructions = instructions;
    EXPECT_THAT(UsedKernels(), ::testing::Contains(BackendName(backend)));
  }
}

}  // namespace
}  // namespace pdarts
