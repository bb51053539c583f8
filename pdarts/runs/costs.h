#ifndef PDARTS_RUNS_COSTS_H_
#define PDARTS_RUNS_COSTS_H_

#include <cstdint>

#include "pdarts/nn/network_counts.h"
#include "pdarts/runs/costs.pb.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/training.pb.h"

namespace pdarts {

// The units of costs in the files of runs.
// - Memory is in MB (1e6 bytes) in logs and estimates, and in GB (1e9 bytes) in results.
// - Parameters are in millions and multiply-adds in 1e9 in a row of the results table.
// - Time is in seconds.

/// Converts bytes to megabytes of 1e6 bytes.
double Megabytes(int64_t bytes);

/// Sets the time and the memory of a run.
void SetCosts(const RunCosts& costs, LogEvent* event);
void SetCosts(const RunCosts& costs, TrainEvent* event);
void SetCosts(const RunCosts& costs, RunResult* result);  ///< of a search
void SetCosts(const RunCosts& costs, TrainResult* result);

/// Sets the parameters and the multiply-adds of a network.
void SetCosts(const NetworkCounts& counts, RunResult* result);
void SetCosts(const NetworkCounts& counts, TrainResult* result);

/// Converts the costs of a training to the units of a row of the results table.
void ConvertCosts(const TrainResult& training, RunResult* row);

}  // namespace pdarts

#endif  // PDARTS_RUNS_COSTS_H_
