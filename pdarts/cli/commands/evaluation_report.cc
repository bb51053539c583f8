#include "pdarts/cli/commands/evaluation_report.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pdarts/base/csv.h"
#include "pdarts/runs/run_images.h"

namespace pdarts {
namespace {

/// The maximum number of classes for which the report has the confusion matrix.
constexpr size_t kMostClassesOfMatrix = 1000;

}  // namespace

EvaluationReport MakeEvaluationReport(const Evaluation& evaluation, const at::Tensor& labels,
                                      const DatasetInfo& info, const std::string& weights) {
  EvaluationReport report;
  report.set_weights(weights);
  report.set_images(static_cast<double>(evaluation.predicted_classes.ge(0).sum().item<int64_t>()));
  if (evaluation.skipped_images > 0) {
    report.set_skipped_images(static_cast<double>(evaluation.skipped_images));
  }
  report.set_top1(evaluation.accuracy.top1);
  report.set_top5(evaluation.accuracy.top5);
  report.set_loss(evaluation.accuracy.loss);
  const size_t classes = info.class_names.size();
  const auto counts = CountPredictedClasses(labels, evaluation.predicted_classes, classes);
  for (size_t c = 0; c < classes; ++c) {
    double images = 0, correct = 0;
    std::vector<std::pair<int64_t, int64_t>> mistakes;
    for (const auto& [predicted_class, count] : counts[c]) {
      images += static_cast<double>(count);
      if (predicted_class == static_cast<int64_t>(c)) {
        correct = static_cast<double>(count);
      } else {
        mistakes.emplace_back(predicted_class, count);
      }
    }
    std::stable_sort(mistakes.begin(), mistakes.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    ClassAccuracy* of_class = report.add_classes();
    of_class->set_name(info.class_names[c]);
    of_class->set_images(images);
    if (images > 0) of_class->set_accuracy(100 * correct / images);
    for (const auto& [predicted_class, count] : mistakes) {
      Mistake* mistake = of_class->add_mistakes();
      mistake->set_name(info.class_names[predicted_class]);
      mistake->set_images(static_cast<double>(count));
    }
  }
  if (classes <= kMostClassesOfMatrix) AddConfusion(counts, report.mutable_confusion());
  return report;
}

std::string EvaluationCsv(const EvaluationReport& report) {
  const bool has_matrix = report.confusion_size() > 0;
  std::string csv = "class,images,accuracy";
  if (has_matrix) {
    for (const ClassAccuracy& predicted_class : report.classes()) {
      absl::StrAppend(&csv, ",", CsvField(predicted_class.name()));
    }
  } else {
    absl::StrAppend(&csv, ",taken_for,taken_images");
  }
  absl::StrAppend(&csv, "\n");
  for (int c = 0; c < report.classes_size(); ++c) {
    const ClassAccuracy& of_class = report.classes(c);
    const std::string begin =
        absl::StrCat(CsvField(of_class.name()), ",", of_class.images(), ",",
                     of_class.has_accuracy() ? absl::StrCat(of_class.accuracy()) : "");
    if (has_matrix) {
      absl::StrAppend(&csv, begin);
      for (const double count : report.confusion(c).counts()) absl::StrAppend(&csv, ",", count);
      absl::StrAppend(&csv, "\n");
      continue;
    }
    double correct = of_class.images();
    for (const Mistake& mistake : of_class.mistakes()) correct -= mistake.images();
    if (of_class.images() == 0) absl::StrAppend(&csv, begin, ",,\n");
    if (correct > 0)
      absl::StrAppend(&csv, begin, ",", CsvField(of_class.name()), ",", correct, "\n");
    for (const Mistake& mistake : of_class.mistakes()) {
      absl::StrAppend(&csv, begin, ",", CsvField(mistake.name()), ",", mistake.images(), "\n");
    }
  }
  return csv;
}

}  // namespace pdarts
