#ifndef PDARTS_RUNS_TRAINING_ROW_H_
#define PDARTS_RUNS_TRAINING_ROW_H_

#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/training.pb.h"

namespace pdarts {

/// Converts the result of a training to a row of the results table.
RunResult RowOf(const TrainResult& training);

}  // namespace pdarts

#endif  // PDARTS_RUNS_TRAINING_ROW_H_
