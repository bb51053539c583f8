#include "pdarts/core/sha256.h"

#include "gtest/gtest.h"

namespace pdarts {
namespace {

TEST(Sha256, GivesTheStandardsDigests) {  // FIPS 180-2, appendix B
  EXPECT_EQ(Sha256().HexDigest(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 pieces;
  pieces.Add("a");
  pieces.Add("bc");
  EXPECT_EQ(pieces.HexDigest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace pdarts
