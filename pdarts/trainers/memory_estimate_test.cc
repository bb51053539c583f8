#include "pdarts/trainers/memory_estimate.h"

#include "ATen/ops/arange.h"
#include "ATen/ops/empty.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// 100 MB, 2 MB an image, 1 MB an image of an evaluation; 1000 MB are free.
MemoryForecast SomeForecast(int64_t batch, int64_t evaluation_batch) {
  MemoryForecast forecast;
  forecast.what = "stage 3";
  forecast.batch_flag = "--set=search.batch_size";
  forecast.evaluation_batch_flag = "--set=search.evaluation_batch_size";
  forecast.estimate = {100e6, 2e6, 1e6};
  forecast.batches = {batch, evaluation_batch};
  forecast.policy.limit = MemoryLimit{"/sys/fs/cgroup/memory.max", 1000000000};
  return forecast;
}

TEST(MemoryEstimateTest, TheSuggestedBatchesFitAndLargerOnesDoNot) {
  const MemoryEstimate estimate = SomeForecast(1, 1).estimate;
  const int64_t free = 1000000000;
  const int64_t batch = estimate.LargestBatch(free);
  EXPECT_LE(estimate.Bytes({batch, 0}), free);
  EXPECT_GT(estimate.Bytes({batch + 2, 0}), free);
  const int64_t evaluation = estimate.LargestEvaluationBatch(free);
  EXPECT_LE(estimate.Bytes({0, evaluation}), free);
  EXPECT_GT(estimate.Bytes({0, evaluation + 2}), free);
  EXPECT_LE(estimate.Bytes({batch, evaluation}), free);
  EXPECT_EQ(estimate.LargestBatch(100000000), 0);
}

TEST(MemoryEstimateTest, AnEstimateIsAboveWhatWasMeasured) {
  EXPECT_GT(SomeForecast(1, 1).estimate.Bytes({50, 10}), 200000000);
}

TEST(MemoryForecastTest, WhatDoesNotFitIsRefusedWithStageLimitAndBatches) {
  const absl::Status status = SomeForecast(1000, 2000).CheckFits();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  for (const char* part :
       {"stage 3 needs about ", " MB at batch 1000 and evaluation batch 2000, ",
        "1000 MB are free (/sys/fs/cgroup/memory.max)", "a batch of ", " would fit (",
        "--set=search.batch_size=", " --set=search.evaluation_batch_size=", "--allow_swap"}) {
    EXPECT_THAT(status.message(), HasSubstr(part));
  }
}

TEST(MemoryForecastTest, OnlyTheBatchThatIsTooLargeIsNamed) {
  const absl::Status training = SomeForecast(1000, 10).CheckFits();
  EXPECT_THAT(training.message(), HasSubstr("(--set=search.batch_size="));
  EXPECT_THAT(training.message(), Not(HasSubstr("--set=search.evaluation_batch_size")));
  const absl::Status evaluation = SomeForecast(10, 2000).CheckFits();
  EXPECT_THAT(evaluation.message(), HasSubstr("(--set=search.evaluation_batch_size="));
  EXPECT_THAT(evaluation.message(), Not(HasSubstr("--set=search.batch_size")));
}

TEST(MemoryForecastTest, WhereNoBatchFitsNoneIsNamed) {
  MemoryForecast forecast = SomeForecast(1000, 0);
  forecast.policy.limit->available_bytes = 50000000;
  EXPECT_THAT(forecast.CheckFits().message(), HasSubstr("no batch would fit"));
}

TEST(MemoryForecastTest, WhatFitsOrMaySwapIsAccepted) {
  EXPECT_TRUE(SomeForecast(10, 10).CheckFits().ok());
  MemoryForecast forecast = SomeForecast(1000, 1000);
  forecast.policy.allow_swap = true;
  EXPECT_TRUE(forecast.CheckFits().ok());
  forecast.policy.allow_swap = false;
  forecast.policy.limit.reset();
  EXPECT_TRUE(forecast.CheckFits().ok());
}

TEST(BatchSizesTest, ABatchIsNotLargerThanTheImages) {
  SearchSettings settings;
  settings.set_batch_size(60000);
  settings.set_evaluation_batch_size(60000);
  EXPECT_EQ(StageBatches(settings, nullptr).training, 60000);
  const TrainingHalves halves = {at::arange(300), at::arange(200)};
  EXPECT_EQ(StageBatches(settings, &halves).training, 300);
  EXPECT_EQ(StageBatches(settings, &halves).evaluation, 200);
  settings.set_train_images(1000);
  EXPECT_EQ(StageBatches(settings, nullptr).training, 1000);
  settings.set_batch_size(64);
  settings.set_evaluation_batch_size(32);
  EXPECT_EQ(StageBatches(settings, &halves).training, 64);
  EXPECT_EQ(StageBatches(settings, &halves).evaluation, 32);

  TrainSettings training;
  training.set_batch_size(64);
  training.set_evaluation_batch_size(1000);
  DatasetSplits data;
  data.train.images = at::empty({50, 3, 8, 8}, at::kByte);
  data.test.images = at::empty({20, 3, 8, 8}, at::kByte);
  EXPECT_EQ(TrainingBatches(training, nullptr).evaluation, 1000);
  EXPECT_EQ(TrainingBatches(training, &data).training, 50);
  EXPECT_EQ(TrainingBatches(training, &data).evaluation, 20);
  training.set_train_images(40);
  EXPECT_EQ(TrainingBatches(training, &data).training, 40);
}

}  // namespace
}  // namespace pdarts
