#include "pdarts/runs/tfrecord.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;

TEST(TfRecord, TheBytesAreTheFormats) {
  // CRC-32C of "123456789" is e3069283 (RFC 3720 has the polynomial); masked: c78ab33a + a282ead8
  // = the bytes below.
  const std::string record = EncodeTfRecord("123456789");
  ASSERT_EQ(record.size(), 12u + 9 + 4);
  EXPECT_EQ(absl::BytesToHexString(record.substr(0, 8)), "0900000000000000");
  EXPECT_EQ(record.substr(12, 9), "123456789");
  const uint32_t crc = 0xe3069283;
  const uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8;
  std::string expected;
  for (int shift = 0; shift < 32; shift += 8) expected += static_cast<char>(masked >> shift);
  EXPECT_EQ(absl::BytesToHexString(record.substr(21)), absl::BytesToHexString(expected));
}

TEST(TfRecord, ReadsWhatItWrites) {
  const std::string file = absl::StrCat(EncodeTfRecord("one"), EncodeTfRecord(""),
                                        EncodeTfRecord(std::string(5000, 'x')));
  const auto records = DecodeTfRecords(file);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_THAT(*records, ElementsAre("one", "", std::string(5000, 'x')));
  EXPECT_THAT(*DecodeTfRecords(""), ElementsAre());
}

TEST(TfRecord, DamageIsSeen) {
  const std::string file = absl::StrCat(EncodeTfRecord("one"), EncodeTfRecord("two"));
  for (size_t size = 1; size < file.size(); ++size) {
    EXPECT_EQ(DecodeTfRecords(file.substr(0, size)).ok(), size == file.size() / 2) << size;
  }
  for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
    std::string damaged = file;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(DecodeTfRecords(damaged).status().code(), absl::StatusCode::kDataLoss) << bit;
  }
  // A length beyond all memory, with a correct checksum.
  std::string huge = EncodeTfRecord(std::string(8, '\xff'));
  huge = huge.substr(12, 8) + huge.substr(20, 4) + "x";
  EXPECT_EQ(DecodeTfRecords(huge).status().message(), "record 0 is cut off");
}

}  // namespace
}  // namespace pdarts
