#include "pdarts/processes/program_identity.h"

#include <string>

#include "ATen/ops/empty.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

TEST(ProgramIdentity, ExecutableHasAChecksum) {
  const auto checksum = ExecutableChecksum();
  ASSERT_TRUE(checksum.ok()) << checksum.status();
  EXPECT_EQ(checksum->size(), 64u);
  EXPECT_EQ(*checksum, *ExecutableChecksum());
}

TEST(ProgramIdentity, LibTorchHasABuildId) {
  EXPECT_EQ(at::empty({2}).numel(), 2);  // the call keeps the linker from removing LibTorch
  const std::string id = LibraryBuildId("libtorch_cpu.so");
  EXPECT_GE(id.size(), 16u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
  EXPECT_NE(id, LibraryBuildId("libc10.so"));
}

TEST(ProgramIdentity, UnknownLibraryHasNone) {
  EXPECT_EQ(LibraryBuildId("libnothing.so"), "");
  EXPECT_EQ(LibraryBuildId("torch_cpu.so"), "");  // only a part of a name
}

}  // namespace
}  // namespace pdarts
