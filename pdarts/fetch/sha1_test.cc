#include "pdarts/fetch/sha1.h"

#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace pdarts {
namespace {

TEST(Sha1Test, KnownDigests) {
  const std::string path = ::testing::TempDir() + "/file";
  std::ofstream(path) << "";
  EXPECT_EQ(Sha1OfFile(path).value(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  std::ofstream(path) << "abc";
  EXPECT_EQ(Sha1OfFile(path).value(), "a9993e364706816aba3e25717850c26c9cd0d89d");
  std::ofstream(path) << std::string(1000000, 'a');  // FIPS 180-2, appendix A.3
  EXPECT_EQ(Sha1OfFile(path).value(), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  EXPECT_EQ(Sha1OfFile(path + "/none").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace pdarts
