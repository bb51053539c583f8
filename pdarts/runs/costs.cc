#include "pdarts/runs/costs.h"

namespace pdarts {
namespace {

constexpr double kMega = 1e6;
constexpr double kGiga = 1e9;

/// `Event` is LogEvent or TrainEvent.
template <class Event>
void SetEventCosts(const RunCosts& costs, Event* event) {
  event->set_elapsed_s(costs.seconds());
  event->set_peak_memory_mb(Megabytes(costs.peak_bytes()));
  if (costs.has_device_peak_bytes()) {
    event->set_device_peak_memory_mb(Megabytes(costs.device_peak_bytes()));
  }
  for (const int64_t bytes : costs.process_peak_bytes()) {
    event->add_process_peak_memory_mb(Megabytes(bytes));
  }
}

/// `Result` is RunResult or TrainResult.
template <class Result>
void SetResultMemory(const RunCosts& costs, Result* result) {
  result->set_mem_gb(static_cast<double>(costs.peak_bytes()) / kGiga);
  if (costs.has_device_peak_bytes()) {
    result->set_device_mem_gb(static_cast<double>(costs.device_peak_bytes()) / kGiga);
  }
  for (const int64_t bytes : costs.process_peak_bytes()) {
    result->add_process_mem_gb(static_cast<double>(bytes) / kGiga);
  }
}

}  // namespace

double Megabytes(int64_t bytes) { return static_cast<double>(bytes) / kMega; }

void SetCosts(const RunCosts& costs, LogEvent* event) { SetEventCosts(costs, event); }

void SetCosts(const RunCosts& costs, TrainEvent* event) { SetEventCosts(costs, event); }

void SetCosts(const RunCosts& costs, RunResult* result) {
  result->set_search_cost_s(costs.seconds());
  SetResultMemory(costs, result);
}

void SetCosts(const RunCosts& costs, TrainResult* result) {
  result->set_seconds(costs.seconds());
  SetResultMemory(costs, result);
}

void SetCosts(const NetworkCounts& counts, RunResult* result) {
  result->set_params_m(counts.params / kMega);
  result->set_flops_g(counts.macs / kGiga);
}

void SetCosts(const NetworkCounts& counts, TrainResult* result) {
  result->set_params(counts.params);
  result->set_macs(counts.macs);
}

void ConvertCosts(const TrainResult& training, RunResult* row) {
  if (training.has_params()) row->set_params_m(training.params() / kMega);
  if (training.has_macs()) row->set_flops_g(training.macs() / kGiga);
  if (training.has_seconds()) row->set_train_cost_s(training.seconds());
}

}  // namespace pdarts
