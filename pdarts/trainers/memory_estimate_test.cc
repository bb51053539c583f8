#include "pdarts/trainers/memory_estimate.h"

#include <cstdint>
#include <memory>
#include <string>

#include "ATen/ops/arange.h"
#include "ATen/ops/zeros.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// 100 MB, 2 MB for each image, 1 MB for each image of an evaluation; 1000 MB are free.
MemoryEstimate SomeEstimate(int64_t batch, int64_t evaluation_batch) {
  MemoryEstimate estimate;
  estimate.what = "stage 3";
  estimate.batch_flag = "--set=search.batch_size";
  estimate.evaluation_batch_flag = "--set=search.evaluation_batch_size";
  estimate.batch_memory = {100e6, 2e6, 1e6};
  estimate.batches = {batch, evaluation_batch};
  estimate.policy.limit = MemoryLimit{"/sys/fs/cgroup/memory.max", 1000000000};
  return estimate;
}

TEST(BatchMemoryTest, TheSuggestedBatchesFitAndLargerOnesDoNot) {
  const BatchMemory batch_memory = SomeEstimate(1, 1).batch_memory;
  const int64_t free = 1000000000;
  const int64_t batch = batch_memory.LargestBatch(free);
  EXPECT_LE(batch_memory.Bytes({batch, 0}), free);
  EXPECT_GT(batch_memory.Bytes({batch + 2, 0}), free);
  const int64_t evaluation = batch_memory.LargestEvaluationBatch(free);
  EXPECT_LE(batch_memory.Bytes({0, evaluation}), free);
  EXPECT_GT(batch_memory.Bytes({0, evaluation + 2}), free);
  EXPECT_LE(batch_memory.Bytes({batch, evaluation}), free);
  EXPECT_EQ(batch_memory.LargestBatch(100000000), 0);
}

TEST(BatchMemoryTest, AnEstimateIsAboveWhatWasMeasured) {
  EXPECT_GT(SomeEstimate(1, 1).batch_memory.Bytes({50, 10}), 200000000);
}

TEST(BatchMemoryTest, RecordedStepsKeepTheirMemoryBesideOtherPasses) {
  BatchMemory batch_memory = SomeEstimate(1, 1).batch_memory;
  BatchSizes batches = {/*training=*/100, /*evaluation=*/50};
  batches.last = 40;
  EXPECT_EQ(batch_memory.Bytes(batches), batch_memory.Bytes({100, 0}));
  batch_memory.records_steps = true;
  EXPECT_EQ(batch_memory.Bytes(batches), batch_memory.Bytes({140, 0}))
      << "a smaller batch of 80 MB";
  batches.evaluation = 100;
  EXPECT_EQ(batch_memory.Bytes(batches), batch_memory.Bytes({150, 0})) << "an evaluation of 100 MB";
  const int64_t free = 1000000000;
  batches = {batch_memory.LargestBatch(free), batch_memory.LargestEvaluationBatch(free)};
  batches.last = batches.training - 1;
  EXPECT_LE(batch_memory.Bytes(batches), free);
  batches.training += 2;
  batches.last = batches.training - 1;
  EXPECT_GT(batch_memory.Bytes(batches), free);
}

TEST(MemoryEstimateTest, WhatDoesNotFitIsRefusedWithStageLimitAndBatches) {
  const absl::Status status = SomeEstimate(1000, 2000).CheckFits();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  for (const char* part :
       {"stage 3 needs about ", " MB at batch 1000 and evaluation batch 2000, ",
        "1000 MB are free (/sys/fs/cgroup/memory.max)", "a batch of ", " would fit (",
        "--set=search.batch_size=", " --set=search.evaluation_batch_size=", "--allow_swap"}) {
    EXPECT_THAT(status.message(), HasSubstr(part));
  }
}

TEST(MemoryEstimateTest, OnlyTheBatchThatIsTooLargeIsNamed) {
  const absl::Status training = SomeEstimate(1000, 10).CheckFits();
  EXPECT_THAT(training.message(), HasSubstr("(--set=search.batch_size="));
  EXPECT_THAT(training.message(), Not(HasSubstr("--set=search.evaluation_batch_size")));
  const absl::Status evaluation = SomeEstimate(10, 2000).CheckFits();
  EXPECT_THAT(evaluation.message(), HasSubstr("(--set=search.evaluation_batch_size="));
  EXPECT_THAT(evaluation.message(), Not(HasSubstr("--set=search.batch_size")));
}

TEST(MemoryEstimateTest, WhereNoBatchFitsNoneIsNamed) {
  MemoryEstimate estimate = SomeEstimate(1000, 0);
  estimate.policy.limit->available_bytes = 50000000;
  EXPECT_THAT(estimate.CheckFits().message(), HasSubstr("no batch would fit"));
}

TEST(MemoryEstimateTest, WhatFitsOrMaySwapIsAccepted) {
  EXPECT_TRUE(SomeEstimate(10, 10).CheckFits().ok());
  MemoryEstimate estimate = SomeEstimate(1000, 1000);
  estimate.policy.allow_swap = true;
  EXPECT_TRUE(estimate.CheckFits().ok());
  estimate.policy.allow_swap = false;
  estimate.policy.limit.reset();
  EXPECT_TRUE(estimate.CheckFits().ok());
}

/// Images that do not lie in memory.
class ReadSource : public SampleSource {
 public:
  explicit ReadSource(int64_t images) : labels_(at::zeros({images}, at::kLong)) {}
  int64_t size() const override { return labels_.size(0); }
  const at::Tensor& labels() const override { return labels_; }
  absl::StatusOr<std::unique_ptr<Sample>> Open(int64_t) const override {
    return absl::UnimplementedError("nothing is read");
  }
  std::string Name(int64_t index) const override { return absl::StrCat(index); }

 private:
  const at::Tensor labels_;
};

TEST(BatchSizesTest, WhatLoadersReadAheadIsBoundedByMemoryAndByAnEpoch) {
  DatasetSplits data;
  data.info.image = {3, 8, 8};
  data.train = std::make_shared<ReadSource>(50);
  data.test = std::make_shared<ReadSource>(20);
  TrainSettings training;
  training.set_batch_size(5);
  training.set_evaluation_batch_size(10);
  const auto images_ahead = [&] {
    return TrainingBatches(training, &data).loading / (2.0 * 3 * 8 * 8 * sizeof(float));
  };
  EXPECT_EQ(images_ahead(), 50) << "of each of the two loaders";
  training.mutable_loading()->set_prefetch_megabytes(0);
  EXPECT_EQ(images_ahead(), 10) << "the larger batch";
  training.mutable_loading()->set_workers(0);
  EXPECT_EQ(images_ahead(), 0);
}

TEST(BatchSizesTest, ABatchIsNotLargerThanTheImages) {
  SearchSettings settings;
  settings.set_batch_size(60000);
  settings.set_evaluation_batch_size(60000);
  EXPECT_EQ(StageBatches(settings, nullptr, nullptr).training, 60000);
  const TrainingHalves halves = {at::arange(300), at::arange(200)};
  EXPECT_EQ(StageBatches(settings, nullptr, &halves).training, 300);
  EXPECT_EQ(StageBatches(settings, nullptr, &halves).evaluation, 200);
  settings.set_train_images(1000);
  EXPECT_EQ(StageBatches(settings, nullptr, nullptr).training, 1000);
  settings.set_batch_size(64);
  settings.set_evaluation_batch_size(32);
  EXPECT_EQ(StageBatches(settings, nullptr, &halves).training, 64);
  EXPECT_EQ(StageBatches(settings, nullptr, &halves).evaluation, 32);

  TrainSettings training;
  training.set_batch_size(64);
  training.set_evaluation_batch_size(1000);
  DatasetSplits data;
  const auto made = [](int64_t images) {
    return MakeMemorySource(at::zeros({images, 3, 8, 8}, at::kByte), at::zeros({images}, at::kLong),
                            "made");
  };
  data.train = made(50);
  data.test = made(20);
  EXPECT_EQ(TrainingBatches(training, nullptr).evaluation, 1000);
  EXPECT_EQ(TrainingBatches(training, &data).training, 50);
  EXPECT_EQ(TrainingBatches(training, &data).evaluation, 20);
  training.set_train_images(40);
  EXPECT_EQ(TrainingBatches(training, &data).training, 40);
  EXPECT_EQ(TrainingBatches(training, &data).loading, 0) << "the images lie in memory";
}

TEST(BatchSizesTest, APartIsWhatIsComputedAtOnce) {
  TrainSettings training;
  training.set_batch_size(64);
  training.set_accumulate(8);
  EXPECT_EQ(TrainingBatches(training, nullptr).training, 8);
  training.set_accumulate(7);
  EXPECT_EQ(TrainingBatches(training, nullptr).training, 10);
}

TEST(MemoryEstimateTest, ATrainingInPartsIsToldHowManyPartsFit) {
  MemoryEstimate estimate = SomeEstimate(1000, 0);
  estimate.batch_flag = "--set=train.accumulate";
  estimate.step_images = 2000;
  const absl::Status status = estimate.CheckFits();
  EXPECT_THAT(status.message(), HasSubstr("at batch part 1000"));
  // Suggestions take 0.8 of the 1000 MB that are free.
  const int64_t largest = estimate.batch_memory.LargestBatch(800000000);
  ASSERT_GT(largest, 0);
  EXPECT_THAT(status.message(),
              HasSubstr(absl::StrCat("--set=train.accumulate=", (2000 + largest - 1) / largest)));
}

TEST(MemoryEstimateTest, ATrainingIsToldInHowManyPartsItsBatchFits) {
  MemoryEstimate estimate = SomeEstimate(1000, 10);
  EXPECT_THAT(estimate.CheckFits().message(), Not(HasSubstr("in parts")));
  estimate.parts_flag = "--set=train.accumulate";
  estimate.image_bytes = 100000;
  // A step of parts holds all its images, which need 100 MB.
  const int64_t part = estimate.batch_memory.LargestBatch(800000000 - 100000000);
  ASSERT_GT(part, 1);
  const std::string parts = absl::StrCat("--set=train.accumulate=", (1000 + part - 1) / part,
                                         " computes the batch in parts that would fit");
  EXPECT_THAT(estimate.CheckFits().message(), HasSubstr(parts));
  // Parts do not help if only the batch of the evaluation is too large.
  estimate.batches = {10, 2000};
  EXPECT_THAT(estimate.CheckFits().message(), Not(HasSubstr("in parts")));
}

TEST(MemoryEstimateTest, ImagesThatAreReadAheadCount) {
  MemoryEstimate estimate = SomeEstimate(300, 0);
  EXPECT_TRUE(estimate.CheckFits().ok());
  estimate.batches.loading = 500000000;
  EXPECT_FALSE(estimate.CheckFits().ok());
}

}  // namespace
}  // namespace pdarts
