#include "pdarts/core/dataset.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/sha256.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr ImageShape kImage = {1, 2, 2};

std::shared_ptr<const SampleSource> Split(const std::vector<int64_t>& labels) {
  const auto size = static_cast<int64_t>(labels.size());
  return MakeMemorySource(at::arange(4 * size).to(at::kByte).view({size, 1, 2, 2}),
                          at::tensor(labels, at::kLong), "a test");
}

std::vector<int64_t> Labels(const std::shared_ptr<const SampleSource>& split) {
  const auto* labels = split->labels().const_data_ptr<int64_t>();
  return {labels, labels + split->size()};
}

/// A source that cannot open its second image.
class Damaged : public SampleSource {
 public:
  int64_t size() const override { return 2; }
  const at::Tensor& labels() const override { return labels_; }
  absl::StatusOr<std::unique_ptr<Sample>> Open(int64_t index) const override {
    if (index == 1) return absl::DataLossError("is cut off");
    return good_->Open(0);
  }
  std::string Name(int64_t index) const override { return absl::StrCat("/data/", index, ".png"); }

 private:
  const at::Tensor labels_ = at::tensor({0, 1}, at::kLong);
  const std::shared_ptr<const SampleSource> good_ = Split({0});
};

/// A dataset that returns the given splits.
class Given : public Dataset {
 public:
  Given(std::vector<std::string> found, const std::vector<int64_t>& train,
        const std::vector<int64_t>& test, size_t announced) {
    info_.image = kImage;
    info_.class_names.assign(announced, "");
    for (size_t c = 0; c < announced; ++c) info_.class_names[c] = std::to_string(c);
    info_.mean = {0.5};
    info_.deviation = {0.25};
    splits_.train = Split(train);
    splits_.test = Split(test);
    splits_.info = info_;
    splits_.info.class_names = std::move(found);
    splits_.source = "/data";
  }
  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions&) const override { return splits_; }

  DatasetInfo info_;
  DatasetSplits splits_;
};

LoadOptions OfModel(std::vector<std::string> classes, bool test_only = true) {
  LoadOptions options;
  options.test_only = test_only;
  options.class_names = std::move(classes);
  return options;
}

TEST(DatasetTest, NumbersLabelsAsTheModelDoes) {
  const Given dataset({"ant", "cat", "fox"}, {0, 1, 2}, {2, 2, 0}, 3);
  const auto splits = dataset.Load(OfModel({"fox", "ant", "cat"}, /*test_only=*/false));
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(splits->info.class_names, ElementsAre("fox", "ant", "cat"));
  EXPECT_THAT(Labels(splits->train), ElementsAre(1, 2, 0));
  EXPECT_THAT(Labels(splits->test), ElementsAre(0, 0, 1));
  // The images do not change.
  EXPECT_TRUE(splits->train->InMemory().equal(Split({0, 1, 2})->InMemory()));
  EXPECT_EQ(splits->train->Name(1), "image 1 of a test");
}

TEST(DatasetTest, NamesTheClassesThatDiffer) {
  const Given dataset({"Fox", "ant"}, {0, 1}, {0, 1}, 2);
  const absl::Status status = dataset.Load(OfModel({"ant", "fox"})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("/data"), HasSubstr("does not know \"Fox\""),
                    HasSubstr("does not have \"fox\"")));
}

TEST(DatasetTest, ATestSplitMayLackClassesOfTheModel) {
  const Given dataset({"cat"}, {0}, {0, 0}, 3);
  const auto splits = dataset.Load(OfModel({"ant", "cat", "fox"}));
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(splits->info.class_names, ElementsAre("ant", "cat", "fox"));
  EXPECT_THAT(Labels(splits->test), ElementsAre(1, 1));
}

TEST(DatasetTest, ATrainingSplitMayNotLackClassesOfTheModel) {
  const Given dataset({"cat", "fox"}, {0, 1}, {0}, 3);
  const absl::Status status = dataset.Load(OfModel({"ant", "cat", "fox"}, false)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("does not have \"ant\""));
}

TEST(DatasetTest, TheTestSplitAloneHasNoTrainingImages) {
  const Given dataset({"a", "b"}, {0, 1}, {1, 0}, 2);
  LoadOptions options;
  options.test_only = true;
  const auto splits = dataset.Load(options);
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_THAT(Labels(splits->train), IsEmpty());
  EXPECT_EQ(splits->train->InMemory().sizes(), at::IntArrayRef({0, 1, 2, 2}));
  EXPECT_THAT(Labels(splits->test), ElementsAre(1, 0));
}

TEST(DatasetTest, AnAbsentTestSplitIsEmpty) {
  class NoTest : public Given {
   public:
    NoTest() : Given({"a", "b"}, {0, 1}, {}, 2) {}

   private:
    absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions&) const override {
      DatasetSplits splits;
      splits.info = info();
      splits.train = Split({0, 1});
      return splits;
    }
  };
  const auto splits = NoTest().Load({});
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(splits->test->size(), 0);
  EXPECT_EQ(splits->test->labels().numel(), 0);
}

TEST(DatasetTest, RefusesALabelThatIsNoClassAndNamesTheImage) {
  EXPECT_THAT(Given({"a", "b"}, {0, 1}, {0, 2}, 2).Load({}).status().ToString(),
              HasSubstr("test split: label 2 of image 1 of a test is not in [0, 2)"));
}

TEST(MemorySource, GivesWholeImagesAndParts) {
  const auto source = Split({0, 1, 0});
  const std::vector<int64_t> indices = {2, 0};
  const auto images = source->Read(indices);
  ASSERT_TRUE(images.ok()) << images.status();
  ASSERT_EQ(images->size(), 2u);
  EXPECT_TRUE((*images)[0].equal(source->InMemory()[2]));
  EXPECT_TRUE((*images)[1].equal(source->InMemory()[0]));
  const auto sample = source->Open(1);
  ASSERT_TRUE(sample.ok()) << sample.status();
  EXPECT_EQ((*sample)->width(), 2);
  EXPECT_EQ((*sample)->height(), 2);
  const auto part = (*sample)->Decode({1, 0, 1, 2}, 1, 1);  // the right column
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_TRUE(part->equal(source->InMemory()[1].slice(2, 1)));
}

TEST(SampleSource, AChecksumIsOfImagesInMemoryOrOfIdentities) {
  const auto checksum = [](const SampleSource& source) {
    Sha256 sum;
    source.AddTo(&sum);
    return sum.Hex();
  };
  EXPECT_EQ(checksum(*Split({0, 1})), checksum(*Split({0, 1})));
  EXPECT_NE(checksum(*Split({0, 1})), checksum(*Split({1, 1})));
  EXPECT_NE(checksum(*Split({0, 1})), checksum(Damaged()));
  // The checksum opens no image.
  Sha256 expected;
  expected.Update("/data/0.png\n/data/1.png\n");
  const std::vector<int64_t> labels = {0, 1};
  expected.Update({reinterpret_cast<const char*>(labels.data()), 2 * sizeof(int64_t)});
  EXPECT_EQ(checksum(Damaged()), expected.Hex());
}

TEST(SampleSource, ReadNamesTheImageThatFails) {
  const std::vector<int64_t> indices = {0, 1};
  const absl::Status status = Damaged().Read(indices).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "/data/1.png: is cut off");
}

}  // namespace
}  // namespace pdarts
