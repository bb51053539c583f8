#include "pdarts/datasets/image_shards/shard_folder.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/datasets/image_shards/shard_index.pb.h"
#include "pdarts/datasets/image_shards/testing.h"
#include "pdarts/images/testing.h"

namespace pdarts::image_shards {
namespace {

namespace fs = std::filesystem;
using images::WriteFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Files = std::vector<std::pair<std::string, std::string>>;

class ShardFolderTest : public ::testing::Test {
 protected:
  ShardFolderTest() { folder_ = TestFolder(); }
  ~ShardFolderTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  /// Writes the index of the folder, as `pdarts pack` does.
  void WriteIndex() const {
    const auto index = IndexFolder(folder_);
    ASSERT_TRUE(index.ok()) << index.status();
    WriteFile(Path(kIndexName), index->SerializeAsString());
  }
  /// The message of the expected error for a shard.
  std::string Error(const std::string& tar) const {
    WriteFile(Path("a.tar"), tar);
    const absl::Status status = IndexFolder(folder_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(Path("a.tar")));
    return std::string(status.message());
  }

  std::string folder_;
};

/// Contents with different beginnings, whose lengths are not multiples of a block.
std::string Content(int number) {
  return absl::StrCat("content ", number, std::string(700 * number, 'x'), "end");
}

const Files& ThreeSamples() {
  static const Files* const files =
      new Files{{"b/0001.jpg", Content(1)}, {"b/0001.cls", "3"},
                {"0002.cls", "0\n"},        {"0002.JSON", "{}"},
                {"0002.PNG", Content(2)},   {"sub.dir/03.seg.txt", "left out"},
                {"sub.dir/03.cls", "12"},   {"sub.dir/03.webp", Content(3)}};
  return *files;
}

TEST_F(ShardFolderTest, SamplesAreFoundWithoutAnIndexAndReadAtTheirPlace) {
  for (const bool pax : {false, true}) {
    WriteFile(Path("train-0.tar"), TarOf(ThreeSamples(), pax));
    const auto index = ReadIndex(folder_);
    ASSERT_TRUE(index.ok()) << index.status();
    const StoredSplit split = SplitOf(folder_, *index, /*is_test=*/false);
    EXPECT_THAT(split.labels, ElementsAre(3, 0, 12));
    ASSERT_EQ(split.store->size(), 3);
    for (int i = 0; i < 3; ++i) {
      const auto bytes = split.store->Read(i);
      ASSERT_TRUE(bytes.ok()) << bytes.status();
      EXPECT_EQ(*bytes, Content(i + 1)) << pax;
      EXPECT_EQ(split.store->Bytes(i), static_cast<int64_t>(Content(i + 1).size()));
    }
    EXPECT_EQ(split.store->Name(1), absl::StrCat(Path("train-0.tar"), ": 0002.PNG"));
    EXPECT_EQ(split.store->Key(1), "train-0.tar/0002.PNG");
    EXPECT_EQ(SplitOf(folder_, *index, /*is_test=*/true).store->size(), 0);
  }
}

TEST_F(ShardFolderTest, NamesOfShardsSayTheirSplits) {
  for (const char* name : {"imagenet-train-0.tar", "more_0.tar", "imagenet-VAL-0.tar"}) {
    WriteFile(Path(name), TarOf({{"1.jpg", "x"}, {"1.cls", "0"}}));
  }
  auto index = IndexFolder(folder_);
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_EQ(SplitOf(folder_, *index, false).store->size(), 2);
  EXPECT_EQ(SplitOf(folder_, *index, true).store->Key(0), "imagenet-VAL-0.tar/1.jpg");
  WriteFile(Path("test.tar"), TarOf({{"1.jpg", "x"}, {"1.cls", "0"}}));
  index = IndexFolder(folder_);
  ASSERT_TRUE(index.ok()) << index.status();
  ASSERT_EQ(SplitOf(folder_, *index, true).store->size(), 1);
  EXPECT_EQ(SplitOf(folder_, *index, true).store->Key(0), "test.tar/1.jpg");
}

TEST_F(ShardFolderTest, SaysWhatIsWrongWithASample) {
  EXPECT_THAT(Error(TarOf({{"1.jpg", "x"}, {"2.jpg", "y"}, {"2.cls", "0"}})),
              HasSubstr("sample 1 has no class: a file .cls"));
  EXPECT_THAT(Error(TarOf({{"1.jpg", "x"}, {"1.cls", "a cat"}})),
              HasSubstr("sample 1 has the class \"a cat\" in 1.cls, expected a whole number"));
  EXPECT_THAT(Error(TarOf({{"1.jpg", "x"}, {"1.cls", "-1"}})), HasSubstr("expected a whole"));
  EXPECT_THAT(Error(TarOf({{"1.jpg", "x"}, {"1.png", "x"}, {"1.cls", "1"}})),
              HasSubstr("sample 1 has two images, 1.jpg and 1.png"));
  EXPECT_THAT(Error("\x1f\x8b compressed"), HasSubstr("is not an uncompressed tar archive"));
  fs::remove(Path("a.tar"));
  EXPECT_EQ(IndexFolder(folder_).status(),
            absl::NotFoundError(absl::StrCat(folder_, " holds no shards: files named *.tar")));
  EXPECT_EQ(IndexFolder(Path("none")).status(),
            absl::NotFoundError(absl::StrCat("there is no folder ", Path("none"))));
}

TEST_F(ShardFolderTest, AShardThatIsCutOffAnywhereIsAnError) {
  const std::string whole = TarOf(ThreeSamples());
  int named = 0;
  for (size_t size = 0; size < whole.size() - 1024; size += 256) {
    const std::string message = Error(whole.substr(0, size));
    if (message.find("sample ") != std::string::npos) ++named;
  }
  EXPECT_GT(named, 10);
  // Once in the middle of the second image, and once after the last file.
  const size_t middle = whole.find("content 2") + 100;
  EXPECT_THAT(Error(whole.substr(0, middle)),
              AllOf(HasSubstr("is cut off in sample 0002"), HasSubstr("0002.PNG needs ")));
  const size_t end = whole.rfind("end") / 512 * 512 + 512;
  EXPECT_THAT(Error(whole.substr(0, end)),
              AllOf(HasSubstr("the end of the archive is missing"), HasSubstr("sub.dir/03")));
}

TEST_F(ShardFolderTest, AnIndexTakesThePlaceOfTheHeaders) {
  const std::string whole = TarOf(ThreeSamples());
  WriteFile(Path("a.tar"), whole);
  WriteIndex();
  auto index = ReadIndex(folder_);
  ASSERT_TRUE(index.ok()) << index.status();
  const StoredSplit split = SplitOf(folder_, *index, false);
  EXPECT_EQ(*split.store->Read(2), Content(3));
  // The shard is cut off now, and later while it is in use.
  WriteFile(Path("a.tar"), whole.substr(0, whole.find("content 3") + 10));
  const absl::Status cut = ReadIndex(folder_).status();
  EXPECT_EQ(cut.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(cut.message()),
              AllOf(HasSubstr("a.tar: is cut off in sample sub.dir/03.webp"),
                    HasSubstr(absl::StrCat("expected ", whole.size()))));
  EXPECT_THAT(std::string(split.store->Read(0).status().message()), HasSubstr("is cut off"));
  WriteFile(Path("a.tar"), whole + std::string(512, '\0'));
  EXPECT_THAT(std::string(ReadIndex(folder_).status().message()),
              HasSubstr("remove the index if the shard was made again"));
  const absl::Status longer = split.store->Read(0).status();
  EXPECT_EQ(longer.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(longer.message()),
              AllOf(HasSubstr("the shard was changed while it is used"), HasSubstr("a.tar: has ")));
  WriteFile(Path("a.tar"), whole);
  WriteFile(Path("b.tar"), whole);
  EXPECT_THAT(std::string(ReadIndex(folder_).status().message()),
              HasSubstr("does not know these shards of the folder: b.tar"));
  fs::remove(Path("b.tar"));
  fs::remove(Path("a.tar"));
  EXPECT_EQ(ReadIndex(folder_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(split.store->Read(0).status(),
            absl::NotFoundError("the shard does not exist any more"));
}

TEST_F(ShardFolderTest, AnIndexThatContradictsItselfIsRefused) {
  WriteFile(Path("a.tar"), TarOf(ThreeSamples()));
  const auto whole = IndexFolder(folder_);
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_TRUE(ParseIndex(whole->SerializeAsString()).ok());
  const auto error = [&](void (*change)(ShardIndex*)) {
    ShardIndex index = *whole;
    change(&index);
    return std::string(ParseIndex(index.SerializeAsString()).status().message());
  };
  EXPECT_THAT(error([](ShardIndex* index) { index->mutable_shards(0)->set_sizes(1, 1 << 20); }),
              HasSubstr("sample 0002.PNG of a.tar has no place in the shard"));
  EXPECT_THAT(error([](ShardIndex* index) { index->mutable_shards(0)->set_offsets(0, -1); }),
              HasSubstr("has no place"));
  EXPECT_THAT(error([](ShardIndex* index) { index->mutable_shards(0)->add_labels(1); }),
              HasSubstr("shard \"a.tar\" is not complete"));
  EXPECT_THAT(error([](ShardIndex* index) { index->mutable_shards(0)->set_name("../a.tar"); }),
              HasSubstr("is not complete"));
  EXPECT_THAT(error([](ShardIndex* index) { index->add_class_names("only one"); }),
              HasSubstr("has no place in the shard, or no class"));
  EXPECT_EQ(ParseIndex("no index").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace pdarts::image_shards
