#include "pdarts/core/dataset.h"

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/ops/empty.h"
#include "ATen/ops/tensor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr ImageShape kImage = {1, 2, 2};

ImageSplit Split(const std::vector<int64_t>& labels) {
  return {at::empty({static_cast<int64_t>(labels.size()), 1, 2, 2}, at::kByte),
          at::tensor(labels, at::kLong)};
}

std::vector<int64_t> Labels(const ImageSplit& split) {
  const auto* labels = split.labels.const_data_ptr<int64_t>();
  return {labels, labels + split.labels.numel()};
}

/// Has what it is given.
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
  EXPECT_EQ(splits->train.images.sizes(), at::IntArrayRef({0, 1, 2, 2}));
  EXPECT_THAT(Labels(splits->test), ElementsAre(1, 0));
}

}  // namespace
}  // namespace pdarts
