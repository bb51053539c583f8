#include "pdarts/base/sha256.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

std::string Digest(absl::string_view bytes) { return Sha256Of(bytes).Hex(); }

// The test vectors of FIPS 180-2, appendix B.
TEST(Sha256, KnownVectors) {
  EXPECT_EQ(Digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Digest(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, BytesAreWhatHexShows) {
  Sha256 sha;
  sha.Update("abc");
  const std::string bytes = sha.Bytes();
  EXPECT_EQ(bytes.size(), 32u);
  EXPECT_EQ(absl::BytesToHexString(bytes), Digest("abc"));
}

TEST(Sha256, PiecesGiveTheSameAsTheWhole) {
  Sha256 sha;
  for (int i = 0; i < 1000; ++i) sha.Update(std::string(i % 7, 'a'));
  int size = 0;
  for (int i = 0; i < 1000; ++i) size += i % 7;
  EXPECT_EQ(sha.Hex(), Digest(std::string(size, 'a')));
}

TEST(Sha256DeathTest, IsFinishedOnce) {
  Sha256 sha;
  sha.Hex();
  EXPECT_DEATH(sha.Update("a"), "after the digest");
  EXPECT_DEATH(sha.Hex(), "the digest was taken before");
}

}  // namespace
}  // namespace pdarts
