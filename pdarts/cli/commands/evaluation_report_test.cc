#include "pdarts/cli/commands/evaluation_report.h"

#include <string>
#include <vector>

#include "ATen/ops/tensor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;

EvaluationReport Report(const std::vector<int64_t>& labels, const std::vector<int64_t>& guesses,
                        int classes) {
  DatasetInfo info;
  for (int c = 0; c < classes; ++c) info.class_names.push_back(absl::StrCat("class ", c));
  Evaluation evaluation;
  evaluation.accuracy = {60, 100, 0.5};
  evaluation.guesses = at::tensor(guesses, at::kLong);
  return MakeEvaluationReport(evaluation, at::tensor(labels, at::kLong), info, "best.safetensors");
}

TEST(EvaluationReportTest, CountsWhatEachClassWasTakenFor) {
  const EvaluationReport report = Report({0, 0, 0, 0, 1, 0, 0}, {0, 1, 3, 3, 1, 0, 0}, 4);
  EXPECT_EQ(report.weights(), "best.safetensors");
  EXPECT_EQ(report.images(), 7);
  EXPECT_EQ(report.loss(), 0.5);
  ASSERT_EQ(report.classes_size(), 4);
  const ClassAccuracy& first = report.classes(0);
  EXPECT_EQ(first.name(), "class 0");
  EXPECT_EQ(first.images(), 6);
  EXPECT_EQ(first.accuracy(), 50);
  ASSERT_EQ(first.mistakes_size(), 2);
  EXPECT_EQ(first.mistakes(0).name(), "class 3");
  EXPECT_EQ(first.mistakes(0).images(), 2);
  EXPECT_EQ(first.mistakes(1).name(), "class 1");
  EXPECT_EQ(report.classes(1).accuracy(), 100);
  EXPECT_EQ(report.classes(1).mistakes_size(), 0);
  EXPECT_EQ(report.classes(2).images(), 0);
  EXPECT_EQ(report.classes(2).accuracy(), 0);
  ASSERT_EQ(report.confusion_size(), 4);
  EXPECT_THAT(report.confusion(0).counts(), ElementsAre(3, 1, 0, 2));
  EXPECT_THAT(report.confusion(1).counts(), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(report.confusion(2).counts(), ElementsAre(0, 0, 0, 0));
}

TEST(EvaluationReportTest, LeavesOutWhatWasNotMeasured) {
  const EvaluationReport report = Report({0, 0, 1}, {0, -1, 0}, 2);
  EXPECT_EQ(report.images(), 2);
  EXPECT_EQ(report.classes(0).images(), 1);
  EXPECT_EQ(report.classes(0).accuracy(), 100);
  EXPECT_EQ(report.classes(0).mistakes_size(), 0);
}

TEST(EvaluationReportTest, HasNoMatrixOfManyClasses) {
  EXPECT_EQ(Report({0}, {999}, 1000).confusion_size(), 1000);
  const EvaluationReport report = Report({19999, 7}, {3, 7}, 20000);
  EXPECT_EQ(report.confusion_size(), 0);
  ASSERT_EQ(report.classes_size(), 20000);
  ASSERT_EQ(report.classes(19999).mistakes_size(), 1);
  EXPECT_EQ(report.classes(19999).mistakes(0).name(), "class 3");
  EXPECT_EQ(report.classes(7).accuracy(), 100);
}

}  // namespace
}  // namespace pdarts
