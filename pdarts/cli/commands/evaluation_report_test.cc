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
using ::testing::HasSubstr;
using ::testing::StartsWith;

EvaluationReport Report(const std::vector<int64_t>& labels,
                        const std::vector<int64_t>& predicted_classes, int classes) {
  DatasetInfo info;
  for (int c = 0; c < classes; ++c) info.class_names.push_back(absl::StrCat("class ", c));
  Evaluation evaluation;
  evaluation.accuracy = {60, 100, 0.5};
  evaluation.predicted_classes = at::tensor(predicted_classes, at::kLong);
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

TEST(EvaluationReportTest, CountsImagesThatCannotBeReadIfThereAreAny) {
  DatasetInfo info;
  info.class_names = {"class 0"};
  Evaluation evaluation;
  const std::vector<int64_t> one_was_read = {0, -1, -1}, labels = {0, 0, 0};
  evaluation.predicted_classes = at::tensor(one_was_read, at::kLong);
  const auto report = [&] {
    return MakeEvaluationReport(evaluation, at::tensor(labels, at::kLong), info,
                                "best.safetensors");
  };
  EXPECT_FALSE(report().has_skipped_images());
  evaluation.skipped_images = 2;
  EXPECT_EQ(report().skipped_images(), 2);
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

TEST(EvaluationReportTest, WritesTheMatrixAsCsv) {
  EvaluationReport report = Report({0, 0, 0, 1}, {0, 1, 2, 1}, 3);
  EXPECT_EQ(EvaluationCsv(report),
            "class,images,accuracy,class 0,class 1,class 2\n"
            "class 0,3,33.3333,1,1,1\n"
            "class 1,1,100,0,1,0\n"
            "class 2,0,,0,0,0\n");
  report.mutable_classes(1)->set_name("a, \"b\"");
  EXPECT_THAT(EvaluationCsv(report), HasSubstr("accuracy,class 0,\"a, \"\"b\"\"\",class 2\n"));
}

TEST(EvaluationReportTest, WritesPairsAsCsvWhereThereIsNoMatrix) {
  const std::string csv = EvaluationCsv(Report({0, 0, 0, 1500}, {0, 7, 7, 1500}, 2000));
  EXPECT_THAT(csv, StartsWith("class,images,accuracy,taken_for,taken_images\n"
                              "class 0,3,33.3333,class 0,1\n"
                              "class 0,3,33.3333,class 7,2\n"
                              "class 1,0,,,\n"));
  EXPECT_THAT(csv, HasSubstr("\nclass 1500,1,100,class 1500,1\nclass 1501,0,,,\n"));
}

}  // namespace
}  // namespace pdarts
