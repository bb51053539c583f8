#ifndef PDARTS_RUNS_COSTS_H_
#define PDARTS_RUNS_COSTS_H_

#include <cstdint>

#include "pdarts/nn/network_counts.h"
#include "pdarts/runs/costs.pb.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/training.pb.h"

namespace pdarts {

// The units of costs in the files of runs: memory in MB (1e6 bytes) in logs and forecasts and in GB
// (1e9 bytes) in results; parameters in millions and multiply-adds in 1e9 in a row of the results
// table; time in seconds.

/// Megabytes of 1e6 bytes.
double Megabytes(int64_t bytes);

/// Time and memory of a run.
void SetCosts(const RunCosts& costs, LogEvent* event);
void SetCosts(const RunCosts& costs, TrainEvent* event);
void SetCosts(const RunCosts& costs, RunResult* result);  ///< of a search
void SetCosts(const RunCosts& costs, TrainResult* result);

/// Parameters and multiply-adds of a network.
void SetCosts(const NetworkCounts& counts, RunResult* result);
void SetCosts(const NetworkCounts& counts, TrainResult* result);

/// Turns the costs of a training into those of its row of the results table.
void ConvertCosts(const TrainResult& training, RunResult* row);

}  // namespace pdarts

#endif  // PDARTS_RUNS_COSTS_H_
