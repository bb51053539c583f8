#ifndef PDARTS_CLI_COMMANDS_EVALUATION_REPORT_H_
#define PDARTS_CLI_COMMANDS_EVALUATION_REPORT_H_

#include <string>

#include "ATen/core/Tensor.h"
#include "pdarts/cli/commands/reports.pb.h"
#include "pdarts/core/dataset.h"
#include "pdarts/trainers/evaluation.h"

namespace pdarts {

/// What `pdarts evaluate` tells of a network that was measured on images. Its size grows with the
/// classes and the images; only up to 1,000 classes does it hold the matrix of confusion.
/// \param labels `[N]` int64 on the CPU, of the images that Evaluation::guesses are of.
/// \param weights the name of the file.
EvaluationReport MakeEvaluationReport(const Evaluation& evaluation, const at::Tensor& labels,
                                      const DatasetInfo& info, const std::string& weights);

/// The classes and the matrix of confusion as comma-separated values. With the matrix: a row for
/// each true class, with the columns class, images, accuracy, and how many images were taken for
/// each class. Where the report has no matrix: a row for each pair of classes that occurs, with the
/// columns class, images, accuracy, taken_for, taken_images; a class without images has one row.
/// accuracy is in percent, and empty for a class without images.
std::string EvaluationCsv(const EvaluationReport& report);

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMANDS_EVALUATION_REPORT_H_
