// Counts what searches ask a device for, on the counting device of the tests, which behaves like a
// GPU: kernels, copies, waits of the host and new memory, for each step of a search. A step trains
// the weights by one batch and the alphas by another one. The search is the trainer's, with its
// loader, its augmentation and its metrics. The stages have the published sizes and dropout rates.
//
//   bazel run //benchmarks:device_counters
//
// The numbers of operations and copies do not depend on the batch and on the channels.

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ATen/Parallel.h"
#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "benchmarks/benchmark_program.h"
#include "benchmarks/flag_checks.h"
#include "benchmarks/seeded_candidates.h"
#include "pdarts/base/json.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/trainers/search_trainer.h"

ABSL_FLAG(std::string, space, "both", "darts, nasbench201 or both");
ABSL_FLAG(int, stage, 0, "1, 2 or 3; 0 measures all stages");
ABSL_FLAG(std::string, kernels, "both",
          "reference, grouped or both; grouped are the kernels that a device computes with by "
          "default");
ABSL_FLAG(int, batch, 2, "images of a batch");
ABSL_FLAG(int, channels, 16, "initial channels");
ABSL_FLAG(int, steps, 50, "counted steps, after three steps that are not counted");
ABSL_FLAG(int, threads, 2, "threads");
ABSL_FLAG(bool, by_operator, false, "print how often one step dispatches each operator");
ABSL_FLAG(bool, json, false, "print one JSON object");

namespace pdarts {
namespace {

constexpr int kWarmUpSteps = 3;
constexpr int kClasses = 10;

struct Stage {
  const char* space;
  int number;
  int cells;
  int candidates;  ///< of each edge
  double skip_dropout;
};

/// The stages of the published search, and of the same search on NAS-Bench-201.
constexpr Stage kStages[] = {
    {"darts", 1, 5, 8, 0},       {"darts", 2, 11, 5, 0.4},      {"darts", 3, 17, 3, 0.7},
    {"nasbench201", 1, 1, 5, 0}, {"nasbench201", 2, 3, 3, 0.4}, {"nasbench201", 3, 5, 2, 0.7},
};

/// A space's config with the candidates of a stage.
absl::StatusOr<std::string> SpaceText(const Stage& stage) {
  PDARTS_ASSIGN_OR_RETURN(const auto space, Registry<SearchSpace>::CreateDefault(stage.space));
  const Topology& topology = space->topology();
  const Candidates candidates = SeededCandidates(*space, stage.candidates);
  if (std::string(stage.space) == "darts") {
    return absl::StrCat("[type.googleapis.com/pdarts.darts.DartsSpaceConfig] {\n",
                        EdgesText(topology, candidates), "}");
  }
  // All edges have the same candidates there.
  std::vector<std::string> names;
  for (const int operation : candidates[0][0]) {
    names.push_back(absl::StrCat("\"", topology.kinds[0].operations[operation], "\""));
  }
  return absl::StrCat(
      "[type.googleapis.com/pdarts.nasbench201.NasBench201SpaceConfig] { operations: [",
      absl::StrJoin(names, ", "), "] }");
}

absl::StatusOr<ExperimentSpec> SpecOf(const Stage& stage, const std::string& kernels) {
  PDARTS_ASSIGN_OR_RETURN(const std::string space, SpaceText(stage));
  const int batch = absl::GetFlag(FLAGS_batch);
  // One half of the images trains the weights, the other half the alphas. The dataset needs two
  // images of each class.
  const int64_t used = int64_t{2} * batch * (kWarmUpSteps + absl::GetFlag(FLAGS_steps));
  const int64_t made = std::max<int64_t>(used, 2 * kClasses);
  return ParseSpec(
      absl::Substitute(
          R"(name: "device_counters"
space { $0 }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: $1 height: 32 width: 32 channels: 3 train_images: $2 test_images: $1
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.DartsScheduleConfig] {
    cells: $3 channels: $4 epochs: 1 warmup_epochs: 0
  }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [$5] }
}
search {
  batch_size: $6 evaluation_batch_size: $6 train_images: $7 evaluated_epochs: 1 kernels: $8
}
)",
          space, kClasses, made, stage.cells, absl::GetFlag(FLAGS_channels), stage.skip_dropout,
          batch, used, kernels == "reference" ? "REFERENCE" : "FUSED"),
      "device_counters");
}

/// Reads the counters after each step.
class StepCounters : public Checkpointer {
 public:
  bool Due() override {
    if (recording_ != nullptr) {
      for (const RecordedOperation& operation : recording_->Stop()) ++operators_[operation.name];
      recording_ = nullptr;
    }
    counters_.push_back(Counters());
    // Of the first counted step.
    if (absl::GetFlag(FLAGS_by_operator) && counters_.size() == kWarmUpSteps) {
      recording_ = std::make_unique<DeviceRecording>();
    }
    return false;
  }
  absl::Status Save(const TrainingState&) override { return absl::OkStatus(); }

  int64_t steps() const { return static_cast<int64_t>(counters_.size()) - kWarmUpSteps; }
  /// Mean over the counted steps.
  double Mean(int64_t DeviceCounters::*counter) const {
    const DeviceCounters &begin = counters_[kWarmUpSteps - 1], &end = counters_.back();
    return static_cast<double>(end.*counter - begin.*counter) / static_cast<double>(steps());
  }
  const std::map<std::string, int64_t>& operators() const { return operators_; }

 private:
  std::vector<DeviceCounters> counters_;
  std::unique_ptr<DeviceRecording> recording_;
  std::map<std::string, int64_t> operators_;
};

/// Has nothing to do with what it hears.
class Silence : public SearchObserver {};

struct Row {
  Stage stage;
  std::string kernels;  ///< "reference/counting"
  StepCounters counters;
};

absl::StatusOr<std::unique_ptr<Row>> Measure(const Stage& stage, const std::string& kernels) {
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, SpecOf(stage, kernels));
  PDARTS_ASSIGN_OR_RETURN(const Experiment experiment,
                          MakeExperiment(std::move(spec), CountingDevice()));
  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, experiment.dataset->Load({}));
  FreeCachedDeviceMemory();
  auto row = std::make_unique<Row>();
  row->stage = stage;
  row->kernels = BackendName(experiment.backend);
  SearchOptions options;
  options.checkpointer = &row->counters;
  Silence observer;
  PDARTS_RETURN_IF_ERROR(RunSearch(experiment, data, options, &observer).status());
  if (row->counters.steps() < 1) return absl::InternalError("the search took no counted steps");
  return row;
}

struct Column {
  const char* name;
  int64_t DeviceCounters::*counter;
};

constexpr Column kColumns[] = {
    {"operations", &DeviceCounters::operations},
    {"copies_to_device", &DeviceCounters::copies_to_device},
    {"bytes_to_device", &DeviceCounters::bytes_to_device},
    {"copies_from_device", &DeviceCounters::copies_from_device},
    {"bytes_from_device", &DeviceCounters::bytes_from_device},
    {"synchronizations", &DeviceCounters::synchronizations},
    {"allocations", &DeviceCounters::allocations},
};

std::string JsonOf(const std::vector<std::unique_ptr<Row>>& rows) {
  constexpr int kDigits = 3;
  Json list = Json::List();
  for (const auto& row : rows) {
    Json object = Json::Object();
    object.Set("space", Json::Text(row->stage.space))
        .Set("stage", Json::Whole(row->stage.number))
        .Set("cells", Json::Whole(row->stage.cells))
        .Set("candidates", Json::Whole(row->stage.candidates))
        .Set("kernels", Json::Text(row->kernels))
        .Set("steps", Json::Whole(row->counters.steps()));
    for (const Column& column : kColumns) {
      object.Set(column.name, Json::Fixed(row->counters.Mean(column.counter), kDigits));
    }
    if (absl::GetFlag(FLAGS_by_operator)) {
      Json operators = Json::Object();
      for (const auto& [name, count] : row->counters.operators()) {
        operators.Set(name, Json::Whole(count));
      }
      object.Set("operators", std::move(operators));
    }
    list.Append(std::move(object));
  }
  return Json::Object()
             .Set("batch", Json::Whole(absl::GetFlag(FLAGS_batch)))
             .Set("channels", Json::Whole(absl::GetFlag(FLAGS_channels)))
             .Set("rows", std::move(list))
             .SpacedLine() +
         "\n";
}

/// The most frequent operators first.
std::string OperatorsText(const Row& row) {
  std::vector<std::pair<int64_t, std::string>> counts;
  for (const auto& [name, count] : row.counters.operators()) counts.emplace_back(-count, name);
  std::sort(counts.begin(), counts.end());
  std::string text =
      absl::StrFormat("\n%s, stage %d, %s:\n", row.stage.space, row.stage.number, row.kernels);
  for (const auto& [count, name] : counts) absl::StrAppendFormat(&text, "%8d %s\n", -count, name);
  return text;
}

std::string Table(const std::vector<std::unique_ptr<Row>>& rows) {
  std::string text = absl::StrFormat(
      "Means of a step on the counting device, which trains weights and alphas by a batch each:\n"
      "%-12s %5s %5s %10s %-20s %10s %9s %10s %11s %10s %9s %11s\n",
      "space", "stage", "cells", "candidates", "kernels", "operations", "copies to", "bytes to",
      "copies from", "bytes from", "waits", "allocations");
  for (const auto& row : rows) {
    absl::StrAppendFormat(&text, "%-12s %5d %5d %10d %-20s", row->stage.space, row->stage.number,
                          row->stage.cells, row->stage.candidates, row->kernels);
    const int widths[] = {10, 9, 10, 11, 10, 9, 11};
    const int digits[] = {1, 2, 0, 2, 0, 2, 2};
    for (size_t i = 0; i < std::size(kColumns); ++i) {
      absl::StrAppendFormat(&text, " %*.*f", widths[i], digits[i],
                            row->counters.Mean(kColumns[i].counter));
    }
    absl::StrAppend(&text, "\n");
  }
  if (absl::GetFlag(FLAGS_by_operator)) {
    for (const auto& row : rows) absl::StrAppend(&text, OperatorsText(*row));
  }
  return text;
}

absl::Status Run() {
  const std::string space = absl::GetFlag(FLAGS_space), kernels = absl::GetFlag(FLAGS_kernels);
  const int number = absl::GetFlag(FLAGS_stage);
  PDARTS_RETURN_IF_ERROR(CheckOneOf("space", space, {"darts", "nasbench201", "both"}));
  PDARTS_RETURN_IF_ERROR(CheckOneOf("kernels", kernels, {"reference", "grouped", "both"}));
  PDARTS_RETURN_IF_ERROR(CheckOneOf("stage", absl::StrCat(number), {"0", "1", "2", "3"}));
  for (const auto& [flag, value] : {std::pair{"batch", absl::GetFlag(FLAGS_batch)},
                                    {"channels", absl::GetFlag(FLAGS_channels)},
                                    {"steps", absl::GetFlag(FLAGS_steps)},
                                    {"threads", absl::GetFlag(FLAGS_threads)}}) {
    PDARTS_RETURN_IF_ERROR(CheckAtLeast(flag, value, 1));
  }
  at::set_num_threads(absl::GetFlag(FLAGS_threads));
  std::vector<std::unique_ptr<Row>> rows;
  for (const Stage& stage : kStages) {
    if (space != "both" && space != stage.space) continue;
    if (number != 0 && number != stage.number) continue;
    for (const char* const of : {"reference", "grouped"}) {
      if (kernels != "both" && kernels != of) continue;
      PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<Row> row, Measure(stage, of));
      rows.push_back(std::move(row));
    }
  }
  std::cout << (absl::GetFlag(FLAGS_json) ? JsonOf(rows) : Table(rows));
  return absl::OkStatus();
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  return pdarts::RunBenchmark(argc, argv, "Counts what a search step asks a device for.",
                              &pdarts::Run);
}
