#include "pdarts/runs/checkpoint.h"

#include <string>

#include "ATen/ops/arange.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/ones.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/sha256.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

Checkpoint MakeCheckpoint() {
  Checkpoint checkpoint;
  checkpoint.run.set_spec("name: \"a\"");
  checkpoint.run.set_log_bytes(17);
  checkpoint.run.mutable_costs()->set_seconds(0.25);
  checkpoint.state.trainer = "search";
  checkpoint.state.place = "stage 1";
  checkpoint.state.progress = std::string("\0x", 2);
  auto& tensors = checkpoint.state.tensors;
  tensors["float"] = at::arange(4000, at::kFloat).view({2, 2000}).t();
  tensors["double"] = at::ones({3}, at::kDouble);
  tensors["long"] = at::arange(5, at::kLong);
  tensors["bytes"] = at::ones({7}, at::kByte);
  tensors["scalar"] = at::ones({}, at::kFloat);
  tensors["empty"] = at::empty({0, 3}, at::kFloat);
  return checkpoint;
}

/// The content with its correct SHA-256, as a faulty or malicious program could write it.
std::string Signed(std::string content) {
  content.resize(content.size() - 32);
  return content + Sha256Of(content).Bytes();
}

TEST(Checkpoint, ReadsBackWhatWasWritten) {
  const Checkpoint before = MakeCheckpoint();
  const absl::StatusOr<Checkpoint> after = DecodeCheckpoint(EncodeCheckpoint(before));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->run.spec(), before.run.spec());
  EXPECT_EQ(after->run.log_bytes(), 17);
  EXPECT_EQ(after->run.costs().seconds(), 0.25);
  EXPECT_EQ(after->state.trainer, "search");
  EXPECT_EQ(after->state.place, "stage 1");
  EXPECT_EQ(after->state.progress, before.state.progress);
  ASSERT_EQ(after->state.tensors.size(), before.state.tensors.size());
  for (const auto& [name, tensor] : before.state.tensors) {
    const at::Tensor& read = after->state.tensors.at(name);
    EXPECT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(read.equal(tensor)) << name;
  }
}

TEST(Checkpoint, EveryCutIsRefused) {
  const std::string content = EncodeCheckpoint(MakeCheckpoint());
  for (size_t size = 0; size < content.size(); size += size < 256 ? 1 : 509) {
    const absl::Status status = DecodeCheckpoint(content.substr(0, size)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << size;
  }
  EXPECT_EQ(DecodeCheckpoint(content + "x").status().code(), absl::StatusCode::kDataLoss);
}

TEST(Checkpoint, EveryFlippedBitIsRefused) {
  std::string content = EncodeCheckpoint(MakeCheckpoint());
  for (size_t i = 0; i < content.size(); i += i < 700 || i + 40 > content.size() ? 1 : 251) {
    const char bit = static_cast<char>(1 << i % 8);
    content[i] = static_cast<char>(content[i] ^ bit);
    EXPECT_EQ(DecodeCheckpoint(content).status().code(), absl::StatusCode::kDataLoss) << i;
    content[i] = static_cast<char>(content[i] ^ bit);
  }
  EXPECT_TRUE(DecodeCheckpoint(content).ok());
}

TEST(Checkpoint, AnotherVersionIsRefusedByItsNumber) {
  std::string content = EncodeCheckpoint(MakeCheckpoint());
  content[8] = 9;
  const absl::Status status = DecodeCheckpoint(Signed(content)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.ToString(),
              HasSubstr("it is of version 9 of the format, this program reads 3"));
}

TEST(Checkpoint, SizesThatLieAreRefusedThoughSigned) {
  const std::string content = EncodeCheckpoint(MakeCheckpoint());
  for (const std::string& size : {std::string(7, '\xff') + '\x7f', std::string(8, '\xff')}) {
    std::string longer_header = content;
    longer_header.replace(20, 8, size);
    EXPECT_EQ(DecodeCheckpoint(Signed(longer_header)).status().code(), absl::StatusCode::kDataLoss);
  }
  // A header whose tensor is larger than all memory: by the length of one side, or by the product
  // of the sides.
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{int64_t{1} << 50},
                                         {int64_t{1} << 32, int64_t{1} << 32},
                                         {0, int64_t{1} << 53, int64_t{1} << 53},
                                         {-1},
                                         {100}}) {
    CheckpointHeader header;
    Sha256 empty;
    header.set_spec_sha256(empty.Hex());
    CheckpointTensor* tensor = header.add_tensors();
    tensor->set_name("huge");
    for (int64_t size : shape) tensor->add_shape(size);
    const std::string head = header.SerializeAsString();
    std::string forged = content.substr(0, 12);
    const uint64_t sizes[] = {28 + head.size() + 32, head.size()};
    for (uint64_t size : sizes) AppendLittleEndian(size, 8, &forged);
    forged += head + std::string(32, ' ');
    const absl::Status status = DecodeCheckpoint(Signed(forged)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(status.ToString(), HasSubstr("the tensor huge"));
  }
}

TEST(Checkpoint, AFileThatIsNoneIsNamed) {
  const absl::StatusOr<Directory> directory = Directory::Open(::testing::TempDir());
  ASSERT_TRUE(directory.ok()) << directory.status();
  EXPECT_THAT(ReadCheckpoint(*directory, "none.bin").status().ToString(),
              HasSubstr(absl::StrCat("cannot read ", directory->PathOf("none.bin"))));
}

}  // namespace
}  // namespace pdarts
