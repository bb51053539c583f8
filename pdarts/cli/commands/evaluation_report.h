#ifndef PDARTS_CLI_COMMANDS_EVALUATION_REPORT_H_
#define PDARTS_CLI_COMMANDS_EVALUATION_REPORT_H_

#include <string>

#include "ATen/core/Tensor.h"
#include "pdarts/cli/commands/reports.pb.h"
#include "pdarts/core/dataset.h"
#include "pdarts/trainers/evaluation.h"

namespace pdarts {

/// The report that `pdarts evaluate` prints about the evaluation of a network. The size of the
/// report grows with the numbers of classes and images. It has the confusion matrix only up to
/// 1,000 classes.
/// \param labels `[N]` int64 on the CPU: the labels of the images to which
/// Evaluation::predicted_classes belong. \param weights the name of the file of weights.
EvaluationReport MakeEvaluationReport(const Evaluation& evaluation, const at::Tensor& labels,
                                      const DatasetInfo& info, const std::string& weights);

/// The classes and the confusion matrix as comma-separated values. If the report has the matrix,
/// there is one row for each true class, with the columns class, images, accuracy, and a column for
/// each predicted class. If the report has no matrix, there is one row for each pair of a class and
/// a predicted class that occurs, with the columns class, images, accuracy, taken_for,
/// taken_images. A class without images has one row. The accuracy is in percent, and empty for a
/// class without images.
std::string EvaluationCsv(const EvaluationReport& report);

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMANDS_EVALUATION_REPORT_H_
