// Times the steps of a search or of a training on a device, by the trainers that a run uses: images
// per second, the peak of the device's memory beside its estimate, and what LibTorch's profiler
// says of some further steps. Prints one JSON object. The kit for a GPU (tools/gpu) runs it once
// for each variant.
//
//   bazel run //benchmarks:device_steps -- --device=cpu --cells=2 --channels=4 --batch=8 --steps=2
//   bazel run //benchmarks:device_steps -- --work=training --cells=2 --channels=4 --batch=8
//
// With --work=network it trains nothing. It writes a super-network in float64 with its weights, a
// batch and the results of a pass as safetensors, so that another program can compute the same:
//
//   bazel run //benchmarks:device_steps -- --work=network --output=/tmp/network.safetensors

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
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
#include "benchmarks/step_profile.h"
#include "c10/core/impl/VirtualGuardImpl.h"
#include "pdarts/base/json.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/device_memory.h"
#include "pdarts/core/device_modes.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/seconds_since.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/training.h"
#include "pdarts/nn/kernels/memory.h"
#include "pdarts/sessions/device.h"
#include "pdarts/trainers/memory_estimate.h"
#include "pdarts/trainers/network_trainer.h"
#include "pdarts/trainers/search_trainer.h"
#include "pdarts/trainers/super_net_gradients.h"
#include "pdarts/weights/weights.h"

ABSL_FLAG(std::string, work, "search",
          "search: steps of a stage of the DARTS space; training: steps of a derived network; "
          "network: write a super-network and what it computes");
ABSL_FLAG(std::string, device, "cpu", "cpu, cuda or cuda:N");
ABSL_FLAG(int, cells, 5, "cells of the network");
ABSL_FLAG(int, channels, 16, "initial channels");
ABSL_FLAG(int, candidates, 8, "search and network: candidates of each edge, a seeded choice");
ABSL_FLAG(std::string, genotype, "PDARTS", "training: the architecture");
ABSL_FLAG(int, batch, 96, "images of a step, of each of the two halves of a search");
ABSL_FLAG(int, warmup, 3, "steps before those that are timed");
ABSL_FLAG(int, steps, 10, "steps that are timed");
ABSL_FLAG(int, profiled, 2, "steps after them that LibTorch's profiler records; 0: none");
ABSL_FLAG(int, slowest, 20, "how many of the slowest kernels are listed");
ABSL_FLAG(double, skip_dropout, 0, "search: rate of the skip connections' dropout");
ABSL_FLAG(std::string, precision, "FLOAT32", "as in a spec");
ABSL_FLAG(std::string, kernels, "FUSED", "as in a spec");
ABSL_FLAG(std::vector<std::string>, set, {}, "further settings of the spec, as --set of a search");
ABSL_FLAG(std::string, output, "", "network: path of the file that is written, *.safetensors");
ABSL_FLAG(int, threads, 0, "threads of the CPU; 0: LibTorch's choice");

namespace pdarts {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kClasses = 10;

/// Waits until the device has done its work.
void Synchronize(c10::Device device) {
  if (device.is_cpu()) return;
  c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

/// The most memory that was held at once, the trainer's own estimates included.
struct MemoryPeak {
  int64_t bytes = 0;     ///< that tensors held on the device; on the CPU, the process
  int64_t reserved = 0;  ///< that LibTorch had taken from the device; 0 on the CPU
};

MemoryPeak ReadMemoryPeak(c10::Device device) {
  DeviceMemory* const memory = DeviceMemory::Of(device);
  if (memory == nullptr) return {PeakResidentBytes(), 0};
  return {memory->RecentPeak().tensors, memory->PeakBytes()};
}

/// What was measured.
struct Measurement {
  int64_t steps = 0;
  double seconds = 0;
  MemoryPeak peak;
  int64_t profiled_steps = 0;
  double profiled_seconds = 0;
  std::vector<ProfiledEvent> events;
};

/// Follows a trainer from step to step, and ends it when everything is measured.
class Stopwatch {
 public:
  explicit Stopwatch(c10::Device device) : device_(device), profiler_(device) {}

  /// Steps of an epoch that is long enough.
  static int Steps() {
    return absl::GetFlag(FLAGS_warmup) + absl::GetFlag(FLAGS_steps) +
           absl::GetFlag(FLAGS_profiled) + 1;
  }

  /// To be called after every step. step: its number, from 0. \error kCancelled at the end.
  absl::Status OnStep(int step) {
    const int done = step + 1;
    const int begin = absl::GetFlag(FLAGS_warmup);
    const int end = begin + absl::GetFlag(FLAGS_steps);
    if (done == begin) {
      Synchronize(device_);
      begin_ = Clock::now();
    } else if (done == end) {
      Synchronize(device_);
      measurement_.seconds = SecondsSince(begin_);
      measurement_.steps = end - begin;
      measurement_.peak = ReadMemoryPeak(device_);
      if (absl::GetFlag(FLAGS_profiled) == 0) return End();
      begin_ = Clock::now();
      profiler_.Start();
    } else if (done == end + absl::GetFlag(FLAGS_profiled)) {
      Synchronize(device_);
      measurement_.profiled_seconds = SecondsSince(begin_);
      measurement_.profiled_steps = absl::GetFlag(FLAGS_profiled);
      measurement_.events = profiler_.Stop();
      return End();
    }
    return absl::OkStatus();
  }

  /// What was measured, after the trainer has ended with `status`.
  /// \error `status`, if the trainer ended for another reason.
  absl::StatusOr<Measurement> Result(const absl::Status& status) && {
    if (is_done_) return std::move(measurement_);
    return status.ok() ? absl::InternalError("the trainer ended before its last step") : status;
  }

 private:
  absl::Status End() {
    is_done_ = true;
    return absl::CancelledError("everything is measured");
  }

  const c10::Device device_;
  const StepProfiler profiler_;
  Clock::time_point begin_;
  Measurement measurement_;
  bool is_done_ = false;
};

std::string DatasetText(int64_t train_images) {
  return absl::Substitute(
      "dataset { [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {\n"
      "  classes: $0 height: 32 width: 32 channels: 3 train_images: $1 test_images: $0 } }\n",
      kClasses, std::max<int64_t>(train_images, 2 * kClasses));
}

/// Applies --set.
absl::Status SetFields(google::protobuf::Message* spec) {
  for (const std::string& assignment : absl::GetFlag(FLAGS_set)) {
    PDARTS_RETURN_IF_ERROR(Annotate(SetField(spec, assignment), "--set"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExperimentSpec> SearchSpec() {
  PDARTS_ASSIGN_OR_RETURN(const auto space, Registry<SearchSpace>::CreateDefault("darts"));
  const int64_t images = int64_t{2} * absl::GetFlag(FLAGS_batch) * Stopwatch::Steps();
  const std::string text = absl::Substitute(
      R"(name: "device_steps"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {
$0} }
$1schedule { [type.googleapis.com/pdarts.schedules.DartsScheduleConfig] {
  cells: $2 channels: $3 epochs: 1 warmup_epochs: 0 } }
regularizers { [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [$4] } }
search { batch_size: $5 evaluation_batch_size: $5 train_images: $6 kernels: $7 precision: $8 }
)",
      EdgesText(space->topology(), SeededCandidates(*space, absl::GetFlag(FLAGS_candidates))),
      DatasetText(images), absl::GetFlag(FLAGS_cells), absl::GetFlag(FLAGS_channels),
      absl::GetFlag(FLAGS_skip_dropout), absl::GetFlag(FLAGS_batch), images,
      absl::GetFlag(FLAGS_kernels), absl::GetFlag(FLAGS_precision));
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, ParseSpec(text, "device_steps"));
  PDARTS_RETURN_IF_ERROR(SetFields(&spec));
  return spec;
}

/// What is known of the work beside the measurement.
struct Work {
  Backend backend;
  int64_t estimated_bytes = 0;  ///< 0: unknown
  int64_t images_per_step = 0;
};

class SearchWatch : public SearchObserver {
 public:
  SearchWatch(c10::Device device, Work* work) : stopwatch_(device), work_(work) {}
  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet&) override {
    work_->estimated_bytes = position.expected_bytes;
    return absl::OkStatus();
  }
  absl::Status OnStep(const StepReport& report) override {
    return stopwatch_.OnStep(report.position.step);
  }
  Stopwatch& stopwatch() { return stopwatch_; }

 private:
  Stopwatch stopwatch_;
  Work* const work_;
};

absl::StatusOr<Measurement> MeasureSearch(c10::Device device, Work* work) {
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, SearchSpec());
  PDARTS_ASSIGN_OR_RETURN(const Experiment experiment, MakeExperiment(std::move(spec), device));
  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, experiment.dataset->Load(LoadOptions()));
  SetDeviceModes(experiment.backend, experiment.spec.search().deterministic());
  work->backend = experiment.backend;
  work->images_per_step = int64_t{2} * absl::GetFlag(FLAGS_batch);
  SearchWatch watch(device, work);
  const absl::Status status = RunSearch(experiment, data, SearchOptions(), &watch).status();
  return std::move(watch.stopwatch()).Result(status);
}

class TrainWatch : public TrainObserver {
 public:
  explicit TrainWatch(c10::Device device) : stopwatch_(device) {}
  absl::Status OnStep(const StepReport& report) override {
    return stopwatch_.OnStep(report.position.step);
  }
  Stopwatch& stopwatch() { return stopwatch_; }

 private:
  Stopwatch stopwatch_;
};

absl::StatusOr<Measurement> MeasureTraining(c10::Device device, Work* work) {
  const int64_t images = int64_t{absl::GetFlag(FLAGS_batch)} * Stopwatch::Steps();
  const std::string text = absl::Substitute(
      R"(name: "device_steps"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
$0genotype: "$1"
network { cells: $2 channels: $3 }
train { batch_size: $4 evaluation_batch_size: $4 kernels: $5 precision: $6 }
)",
      DatasetText(images), absl::GetFlag(FLAGS_genotype), absl::GetFlag(FLAGS_cells),
      absl::GetFlag(FLAGS_channels), absl::GetFlag(FLAGS_batch), absl::GetFlag(FLAGS_kernels),
      absl::GetFlag(FLAGS_precision));
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(ParseSpecInto(text, "device_steps", &spec));
  PDARTS_RETURN_IF_ERROR(SetFields(&spec));
  PDARTS_ASSIGN_OR_RETURN(const Training training, MakeTraining(std::move(spec), device));
  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, training.dataset->Load(LoadOptions()));
  SetDeviceModes(training.backend, training.spec.train().deterministic());
  work->backend = training.backend;
  work->images_per_step = absl::GetFlag(FLAGS_batch);
  const absl::StatusOr<MemoryEstimate> estimate = EstimateTrainingMemory(
      training, TrainingBatches(training.spec.train(), &data), MemoryPolicy());
  if (estimate.ok()) work->estimated_bytes = estimate->PeakBytes();
  PDARTS_ASSIGN_OR_RETURN(const auto trainer, NetworkTrainer::Create(training, data));
  TrainWatch watch(device);
  const absl::Status status = trainer->Train(/*checkpointer=*/nullptr, &watch);
  return std::move(watch.stopwatch()).Result(status);
}

std::string OrNull(int64_t value) { return value > 0 ? absl::StrCat(value) : "null"; }

/// Counts for each step, or null for what the profiler says nothing of.
std::string ProfileJson(const Measurement& measured) {
  if (measured.profiled_steps == 0) return "null";
  const auto steps = static_cast<double>(measured.profiled_steps);
  const CallCounts counts = CountCalls(measured.events);
  const auto per_step = [&](int64_t count) { return static_cast<double>(count) / steps; };
  std::vector<std::string> kernels;
  for (const KernelTime& kernel :
       SlowestKernels(measured.events, static_cast<size_t>(absl::GetFlag(FLAGS_slowest)))) {
    kernels.push_back(absl::StrFormat(
        R"({"name": %s, "calls_per_step": %.1f, "us_per_step": %.1f})", JsonText(kernel.name),
        per_step(kernel.calls), 1e6 * kernel.seconds / steps));
  }
  return absl::StrFormat(
      R"({"steps": %d, "s_per_step": %.6f, "device_busy_s_per_step": %.6f, )"
      R"("operators_per_step": %.1f, "launches_per_step": %.1f, "graph_launches_per_step": %.1f, )"
      R"("copies_to_device_per_step": %.1f, "copies_from_device_per_step": %.1f, )"
      R"("synchronizations_per_step": %.1f, "slowest": [%s]})",
      measured.profiled_steps, measured.profiled_seconds / steps,
      DeviceSeconds(measured.events) / steps, per_step(counts.operators), per_step(counts.launches),
      per_step(counts.graph_launches), per_step(counts.copies_to_device),
      per_step(counts.copies_from_device), per_step(counts.synchronizations),
      absl::StrJoin(kernels, ", "));
}

std::string Json(const Work& work, const Measurement& measured) {
  const double step = measured.seconds / static_cast<double>(measured.steps);
  std::vector<std::string> used;
  for (const std::string& name : UsedKernels()) used.push_back(JsonText(name));
  return absl::StrFormat(
      R"({"work": %s, "backend": %s, "kernels_used": [%s], "cells": %d, "channels": %d, "batch": %d, "steps": %d, )"
      R"("step_s": %.6f, "images_per_s": %.1f, "peak_bytes": %d, "peak_reserved_bytes": %s, )"
      R"("estimated_bytes": %s, "profile": %s})",
      JsonText(absl::GetFlag(FLAGS_work)), JsonText(BackendName(work.backend)),
      absl::StrJoin(used, ", "), absl::GetFlag(FLAGS_cells), absl::GetFlag(FLAGS_channels),
      absl::GetFlag(FLAGS_batch), measured.steps, step,
      static_cast<double>(work.images_per_step) / step, measured.peak.bytes,
      OrNull(measured.peak.reserved), OrNull(work.estimated_bytes), ProfileJson(measured));
}

/// The names of candidates as JSON: [kind][edge][candidate].
std::string CandidatesJson(const Topology& topology, const Candidates& candidates) {
  const auto list = [](const std::vector<std::string>& parts) {
    return absl::StrCat("[", absl::StrJoin(parts, ", "), "]");
  };
  std::vector<std::string> kinds;
  for (size_t k = 0; k < candidates.size(); ++k) {
    std::vector<std::string> edges;
    for (const EdgeCandidates& edge : candidates[k]) {
      std::vector<std::string> names;
      for (const int operation : edge) {
        names.push_back(JsonText(topology.kinds[k].operations[operation]));
      }
      edges.push_back(list(names));
    }
    kinds.push_back(list(edges));
  }
  return list(kinds);
}

/// Writes the super-network, a batch, and logits, loss and gradients of the alphas in training
/// mode.
absl::Status WriteNetwork(c10::Device device) {
  PDARTS_ASSIGN_OR_RETURN(const auto space, Registry<SearchSpace>::CreateDefault("darts"));
  const Candidates candidates = SeededCandidates(*space, absl::GetFlag(FLAGS_candidates));
  SuperNetShape shape;
  shape.cells = absl::GetFlag(FLAGS_cells);
  shape.channels = absl::GetFlag(FLAGS_channels);
  shape.classes = kClasses;
  Kernels kernels = FUSED;
  if (!Kernels_Parse(absl::GetFlag(FLAGS_kernels), &kernels)) {
    return absl::InvalidArgumentError(absl::StrCat("--kernels=", absl::GetFlag(FLAGS_kernels)));
  }
  PDARTS_ASSIGN_OR_RETURN(shape.backend, ResolveBackend(kernels, FLOAT64, device));
  SetDeviceModes(shape.backend, /*deterministic=*/true);
  PDARTS_ASSIGN_OR_RETURN(const auto super_net,
                          space->BuildSuperNet(candidates, shape, MakeGenerator(1, "weights")));
  super_net->InitializeAlphas(0.1, MakeGenerator(1, "alphas"));
  super_net->to(device, c10::kDouble);
  const at::Generator data = MakeGenerator(1, "data");
  const int64_t batch = absl::GetFlag(FLAGS_batch);
  const at::Tensor images =
      at::randn({batch, 3, 32, 32}, data, at::TensorOptions(at::kDouble)).contiguous();
  const at::Tensor labels = at::randint(kClasses, {batch}, data, at::kLong);

  NamedTensors tensors;
  for (const auto& [name, tensor] : ModuleState(*super_net)) {
    tensors.emplace_back(name, tensor.detach().to(at::kCPU).clone());
  }
  GradientRequest request;
  request.images = images.to(device);
  request.labels = labels.to(device);
  request.of = GradientOf::kAlphas;
  const GradientResult result = ComputeGradients(*super_net, request);
  tensors.emplace_back("pass.images", images);
  tensors.emplace_back("pass.labels", labels);
  tensors.emplace_back("pass.logits", result.logits.to(at::kCPU));
  tensors.emplace_back("pass.loss", result.loss.to(at::kCPU));
  for (size_t k = 0; k < result.alphas.size(); ++k) {
    tensors.emplace_back(absl::StrCat("pass.alphas_", space->topology().kinds[k].name),
                         result.alphas[k].to(at::kCPU));
  }
  for (auto& [name, tensor] : tensors) tensor = tensor.contiguous();
  return WriteWeights(absl::GetFlag(FLAGS_output), tensors,
                      {{"cells", absl::StrCat(shape.cells)},
                       {"channels", absl::StrCat(shape.channels)},
                       {"classes", absl::StrCat(shape.classes)},
                       {"candidates", CandidatesJson(space->topology(), candidates)}});
}

absl::Status CheckFlags() {
  PDARTS_RETURN_IF_ERROR(
      CheckOneOf("work", absl::GetFlag(FLAGS_work), {"search", "training", "network"}));
  for (const auto& [flag, value] : {std::pair{"cells", absl::GetFlag(FLAGS_cells)},
                                    {"channels", absl::GetFlag(FLAGS_channels)},
                                    {"candidates", absl::GetFlag(FLAGS_candidates)},
                                    {"batch", absl::GetFlag(FLAGS_batch)},
                                    {"warmup", absl::GetFlag(FLAGS_warmup)},
                                    {"steps", absl::GetFlag(FLAGS_steps)}}) {
    PDARTS_RETURN_IF_ERROR(CheckAtLeast(flag, value, 1));
  }
  PDARTS_RETURN_IF_ERROR(CheckAtLeast("profiled", absl::GetFlag(FLAGS_profiled), 0));
  PDARTS_RETURN_IF_ERROR(CheckAtLeast("slowest", absl::GetFlag(FLAGS_slowest), 1));
  if ((absl::GetFlag(FLAGS_work) == "network") == absl::GetFlag(FLAGS_output).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--output=", absl::GetFlag(FLAGS_output),
                     ": --work=network writes this file, and other work writes none"));
  }
  return absl::OkStatus();
}

absl::Status Run() {
  PDARTS_RETURN_IF_ERROR(EnterFolderOfBazelRun());
  PDARTS_RETURN_IF_ERROR(CheckFlags());
  PDARTS_ASSIGN_OR_RETURN(const c10::Device device, ResolveDevice(absl::GetFlag(FLAGS_device)));
  nn::KeepFreedMemory();  // as every program that trains
  SetThreads(absl::GetFlag(FLAGS_threads));
  return CatchLibTorchErrors([&]() -> absl::Status {
    if (absl::GetFlag(FLAGS_work) == "network") return WriteNetwork(device);
    Work work;
    PDARTS_ASSIGN_OR_RETURN(const Measurement measured, absl::GetFlag(FLAGS_work) == "search"
                                                            ? MeasureSearch(device, &work)
                                                            : MeasureTraining(device, &work));
    std::cout << Json(work, measured) << "\n";
    return absl::OkStatus();
  });
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  return pdarts::RunBenchmark(argc, argv, "Times the steps of a search or a training on a device.",
                              &pdarts::Run);
}
