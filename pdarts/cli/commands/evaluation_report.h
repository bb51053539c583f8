#ifndef PDARTS_CLI_COMMANDS_EVALUATION_REPORT_H_
#define PDARTS_CLI_COMMANDS_EVALUATION_REPORT_H_

#include <string>

#include "pdarts/cli/commands/reports.pb.h"
#include "pdarts/core/dataset.h"
#include "pdarts/trainers/evaluation.h"

namespace pdarts {

/// What `pdarts evaluate` tells of a network that was measured on a split. Its size grows with the
/// classes and the images; only up to 1,000 classes does it hold the matrix of confusion. weights:
/// the name of the file.
EvaluationReport MakeEvaluationReport(const Evaluation& evaluation, const ImageSplit& split,
                                      const DatasetInfo& info, const std::string& weights);

}  // namespace pdarts

#endif  // PDARTS_CLI_COMMANDS_EVALUATION_REPORT_H_
