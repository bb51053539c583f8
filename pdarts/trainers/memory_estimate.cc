#include "pdarts/trainers/memory_estimate.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "c10/core/ScalarType.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/device_memory.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/tensor_memory.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/trainers/batch_parts.h"
#include "pdarts/trainers/evaluation.h"
#include "pdarts/trainers/network_step.h"
#include "pdarts/trainers/search_step.h"
#include "pdarts/trainers/stand_in_data.h"

namespace pdarts {
namespace {

/// A margin that is added to the measurements, because libraries choose other algorithms for larger
/// batches, and the heap fragments (docs/performance.md has the measurements).
constexpr double kRelativeMargin = 0.25;
constexpr double kFixedMargin = 32e6;

/// Images of the smaller and of the larger measured batch. The larger batch grows up to the batch
/// of the run, or until its tensors need kMeasuredBytes or kMeasuredShare of their budget. Resident
/// memory is noisy, and the extrapolation from the two batches to the real batch multiplies the
/// noise.
constexpr int64_t kSmallBatch = 4;
constexpr int64_t kLargeBatch = 12;
constexpr double kMeasuredBytes = 512e6;
constexpr double kMeasuredShare = 0.75;
/// The batch size if there is too little memory for these batches. Some networks cannot normalize a
/// batch of one image.
constexpr int64_t kSmallestBatch = 2;

/// The share of the free memory that a suggested batch needs. The next command measures again, and
/// resident memory is noisy: two measurements of an evaluation differed by up to 16%.
constexpr double kSuggestedShare = 0.8;

/// The share of the free memory that the tensors of a measurement may use. The rest is for the
/// libraries.
constexpr double kTensorShare = 0.75;

/// The peak of memory, measured in two ways.
struct Peak {
  double tensors = 0;   ///< the exact bytes that LibTorch's allocator handed out
  double resident = 0;  ///< of the process, including memory of libraries; 0: unknown
};

struct Peaks {
  Peak step;
  Peak evaluation;  ///< with the memory of the recorded steps
  bool records_steps = false;
};

/// The memory of tensors and of the process on the CPU, relative to an earlier time.
class HostMeter {
 public:
  /// budget: the maximum memory of tensors.
  explicit HostMeter(int64_t budget)
      : tensors_(budget), can_measure_(ResetRecentPeak()), before_(ResidentBytes()) {}
  void ResetPeak() {
    tensors_.ResetPeak();
    can_measure_ = ResetRecentPeak() && can_measure_;
  }
  Peak peak() const {
    return {static_cast<double>(tensors_.peak()),
            can_measure_ ? static_cast<double>(RecentPeakResidentBytes() - before_) : 0};
  }

 private:
  TensorMemory tensors_;
  bool can_measure_;
  const int64_t before_;
};

/// The same for another device. `resident` is the memory that the allocator has reserved on the
/// device, which includes memory that is lost between blocks. The workspaces of libraries are
/// tensors there. The device limits the memory of tensors.
class DeviceMeter {
 public:
  explicit DeviceMeter(DeviceMemory* memory) : memory_(*memory) {
    memory_.ResetRecentPeak();
    before_ = memory_.Now();
  }
  void ResetPeak() { memory_.ResetRecentPeak(); }
  Peak peak() const {
    const DeviceBytes most = memory_.RecentPeak();
    return {static_cast<double>(most.tensors - before_.tensors),
            static_cast<double>(most.reserved - before_.reserved)};
  }

 private:
  DeviceMemory& memory_;
  DeviceBytes before_;
};

/// The memory of tensors and of the process on a device, relative to an earlier time.
class MemoryMeter {
 public:
  /// budget: as in HostMeter.
  MemoryMeter(c10::Device device, int64_t budget) {
    if (DeviceMemory* const memory = DeviceMemory::Of(device)) {
      device_.emplace(memory);
    } else {
      host_.emplace(budget);
    }
  }
  void ResetPeak() {
    if (device_) {
      device_->ResetPeak();
    } else {
      host_->ResetPeak();
    }
  }
  Peak peak() const { return device_ ? device_->peak() : host_->peak(); }

 private:
  std::optional<HostMeter> host_;
  std::optional<DeviceMeter> device_;
};

at::Generator NewGenerator() { return MakeGenerator(0, "estimate"); }

/// Sets the knobs of a stage's super-network as the regularizers do in the middle of the stage,
/// because dropout needs memory. Rates that begin or end at 0 are above 0 in the middle.
absl::Status Regularize(const Experiment& experiment, int stage, SuperNet* super_net) {
  SearchContext context;
  context.stage = stage;
  context.num_stages = experiment.schedule->num_stages();
  context.shape = experiment.schedule->stage(stage);
  context.epoch = context.shape.epochs / 2;
  context.super_net = super_net;
  context.space = experiment.space.get();
  context.derivation_options = &experiment.derivation_options;
  context.generator = NewGenerator();
  PDARTS_ASSIGN_OR_RETURN(const auto regularizers, experiment.MakeRegularizers());
  for (const auto& regularizer : regularizers) {
    PDARTS_RETURN_IF_ERROR(regularizer->OnStageBegin(context));
    PDARTS_RETURN_IF_ERROR(regularizer->OnEpochBegin(context));
  }
  return absl::OkStatus();
}

/// Batches of stand-in data. All batches are the same `batch` images.
absl::StatusOr<std::unique_ptr<Loader>> StandInImages(const DatasetInfo& info, int64_t batch,
                                                      at::ScalarType dtype) {
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms, Transforms::Plain());
  return MakeEvaluationLoader(StandInSource(info, batch), batch, transforms, info, batch,
                              LoadingSettings(), dtype);
}

/// The bytes of an image as input of a network.
int64_t ImageBytes(const ImageShape& image, at::ScalarType dtype) {
  return int64_t{image.channels} * image.height * image.width *
         static_cast<int64_t>(c10::elementSize(dtype));
}

/// The maximum bytes of images that `loaders` loaders read ahead. Images in memory are transformed
/// when they are needed.
int64_t ReadAheadBytes(const LoadingSettings& loading, const DatasetSplits& data,
                       int64_t batch_images, int64_t loaders) {
  LoaderOptions options;
  SetLoading(loading, &options);
  if (data.train->InMemory().defined() || options.workers == 0) return 0;
  const int64_t image = ImageBytes(data.info.image, at::kFloat);
  const int64_t epoch = std::max(data.train->size(), data.test->size()) * image;
  return loaders * std::max(std::min(options.prefetch_bytes, epoch), batch_images * image);
}

absl::StatusOr<Peaks> MeasureStage(const Experiment& experiment, int stage,
                                   const Candidates& candidates, int64_t batch, int64_t budget) {
  const c10::Device device = experiment.backend.device;
  MemoryMeter meter(device, budget);
  const SuperNetShape shape = experiment.StageSuperNetShape(stage);
  const SearchSettings& settings = experiment.spec.search();
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<SuperNet> super_net,
                          experiment.space->BuildSuperNet(candidates, shape, NewGenerator()));
  const at::ScalarType dtype = experiment.backend.parameters;
  super_net->to(device, dtype);
  SearchStep step(super_net, settings);
  PDARTS_RETURN_IF_ERROR(Regularize(experiment, stage, super_net.get()));
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> images,
                          StandInImages(experiment.dataset->info(), batch, dtype));
  Peaks peaks;
  {
    PDARTS_ASSIGN_OR_RETURN(const Batch of_weights, images->NextOn(device));
    PDARTS_ASSIGN_OR_RETURN(const Batch of_alphas, images->NextOn(device));
    // A device records a step after some warm-up steps, and the recording has memory of its own.
    for (int i = 0; i <= step.warm_ups(); ++i) {
      PDARTS_RETURN_IF_ERROR(step.TrainAlphas(of_weights, of_alphas, 0).status());
      PDARTS_RETURN_IF_ERROR(step.TrainWeights(of_weights, 0).status());
    }
  }
  peaks.step = meter.peak();
  meter.ResetPeak();
  PDARTS_RETURN_IF_ERROR(Evaluate(*super_net, *images, device).status());
  peaks.evaluation = meter.peak();
  peaks.records_steps = step.warm_ups() > 0;
  return peaks;
}

/// batch: the images that are computed at once. A step with more images has further parts. It is
/// measured with two parts, because the sum of the gradients exists from the second part on.
absl::StatusOr<Peaks> MeasureTraining(const Training& training, int64_t batch, int64_t budget) {
  const c10::Device device = training.backend.device;
  MemoryMeter meter(device, budget);
  TrainSettings settings = training.spec.train();
  const int64_t parts = std::min(settings.accumulate(), 2);
  settings.set_accumulate(static_cast<int>(parts));
  settings.set_batch_size(static_cast<int>(parts * batch));
  const auto build = [&] { return BuildTrainedNetwork(training, device, NewGenerator()); };
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<Network> network, build());
  std::shared_ptr<Network> average;
  if (settings.average_decay() > 0) {
    PDARTS_ASSIGN_OR_RETURN(average, build());
  }
  NetworkStep step(network, average, settings);
  const DatasetInfo& info = training.dataset->info();
  const at::ScalarType dtype = training.backend.parameters;
  Peaks peaks;
  {
    PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> images,
                            StandInImages(info, parts * batch, dtype));
    PDARTS_ASSIGN_OR_RETURN(const Batch of_step, images->NextOn(device));
    PDARTS_RETURN_IF_ERROR(step.Train(of_step, /*learning_rate=*/0, settings.drop_path()).status());
  }
  peaks.step = meter.peak();
  meter.ResetPeak();
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> images, StandInImages(info, batch, dtype));
  Evaluate(*network, *images, device).IgnoreError();  // the loss is not needed
  peaks.evaluation = meter.peak();
  return peaks;
}

/// The device of a network.
c10::Device DeviceOf(const Network& network) {
  const std::vector<at::Tensor> parameters = network.parameters();
  return parameters.empty() ? c10::Device(c10::kCPU) : parameters.front().device();
}

absl::StatusOr<Peaks> MeasureEvaluation(Network& network, const DatasetInfo& info, int64_t batch,
                                        int64_t budget) {
  const std::vector<at::Tensor> parameters = network.parameters();
  PDARTS_ASSIGN_OR_RETURN(
      const std::unique_ptr<Loader> images,
      StandInImages(info, batch,
                    parameters.empty() ? at::kFloat : parameters.front().scalar_type()));
  const c10::Device device = DeviceOf(network);
  const MemoryMeter meter(device, budget);
  Evaluate(network, *images, device).IgnoreError();  // the loss is not needed
  Peaks peaks;
  peaks.evaluation = meter.peak();
  return peaks;
}

/// The images of a full step of a training.
int64_t StepImages(const TrainSettings& settings, const DatasetSplits* data) {
  int64_t images = settings.batch_size();
  if (settings.train_images() > 0) images = std::min<int64_t>(images, settings.train_images());
  if (data != nullptr) images = std::min(images, data->train->size());
  return images;
}

/// The growth for each image. The result is the larger of the two growths, because the smaller one
/// may be unknown or hidden in the noise of small batches.
double PerImage(const Peak& small, const Peak& large, int64_t images) {
  return std::max(large.tensors - small.tensors, large.resident - small.resident) /
         static_cast<double>(images);
}

/// The memory of the tensors without images. images: the images of the small batch, and the number
/// of further images in the large batch.
double Fixed(const Peak& small, const Peak& large, int64_t images, int64_t more) {
  return small.tensors -
         static_cast<double>(images) * (large.tensors - small.tensors) / static_cast<double>(more);
}

/// The line through the peaks of two batches.
BatchMemory Line(const Peaks& small, const Peaks& large, int64_t images, int64_t more) {
  BatchMemory line;
  line.fixed = std::max(Fixed(small.step, large.step, images, more),
                        Fixed(small.evaluation, large.evaluation, images, more));
  line.per_image = PerImage(small.step, large.step, more);
  line.per_evaluation_image = PerImage(small.evaluation, large.evaluation, more);
  line.records_steps = large.records_steps;
  if (line.records_steps) {
    // The memory that a recording keeps is reserved, but not in use by tensors.
    const auto reserved = [](const Peaks& peaks) {
      return peaks.evaluation.resident - peaks.step.resident;
    };
    line.per_evaluation_image = std::max(large.evaluation.tensors - small.evaluation.tensors,
                                         reserved(large) - reserved(small)) /
                                static_cast<double>(more);
  }
  return line;
}

/// The larger measured batch, chosen after the peaks of kSmallBatch images.
int64_t LargeBatch(const Peaks& small, const BatchSizes& batches, int64_t budget) {
  const double tensors = std::max(small.step.tensors, small.evaluation.tensors);
  const double measured = std::min(kMeasuredBytes, kMeasuredShare * static_cast<double>(budget)) /
                          tensors * static_cast<double>(kSmallBatch);
  const int64_t most = std::max(batches.training, batches.evaluation);
  return std::max(kLargeBatch, static_cast<int64_t>(std::min(measured, static_cast<double>(most))));
}

/// The largest batch for which BatchMemory::Bytes is at most `bytes`.
int64_t Largest(double fixed, double per_image, int64_t bytes) {
  if (per_image <= 0) return 0;
  const double measured = (static_cast<double>(bytes) - kFixedMargin) / (1 + kRelativeMargin);
  return std::max<int64_t>(0, static_cast<int64_t>((measured - fixed) / per_image));
}

using Measure = std::function<absl::StatusOr<Peaks>(int64_t batch, int64_t budget)>;

/// Completes an estimate with measurements on a device.
absl::StatusOr<MemoryEstimate> EstimateMemoryOn(c10::Device device, MemoryEstimate estimate,
                                                const Measure& measure) {
  DeviceMemory* const memory = DeviceMemory::Of(device);
  if (memory != nullptr) {
    estimate.policy.processes = 1;  // each process of a machine uses another device
    estimate.batches.loading = 0;   // images that are read ahead are in the memory of the host
  }
  const std::optional<MemoryLimit> given = estimate.policy.limit;
  const auto limit = [&]() -> std::optional<MemoryLimit> {
    if (memory != nullptr && !given) {
      return MemoryLimit{absl::StrCat("the memory of ", device.str()), memory->FreeBytes()};
    }
    ReturnFreedMemory();
    std::optional<MemoryLimit> one = given ? given : TightestMemoryLimit();
    if (one) one->available_bytes /= estimate.policy.processes;
    return one;
  };
  estimate.policy.limit = limit();
  const bool has_budget = estimate.policy.limit && !estimate.policy.allow_swap;
  const int64_t budget =
      has_budget ? static_cast<int64_t>(kTensorShare *
                                        static_cast<double>(estimate.policy.limit->available_bytes))
                 : std::numeric_limits<int64_t>::max();
  const auto peaks_of = [&](int64_t batch) {
    return CatchLibTorchErrors([&] { return measure(batch, budget); }, estimate.what);
  };
  const auto line = [&]() -> absl::StatusOr<BatchMemory> {
    // Libraries allocate memory once, at their first computation. After the first pass, this memory
    // is not in either peak.
    PDARTS_RETURN_IF_ERROR(peaks_of(kSmallestBatch).status());
    absl::StatusOr<Peaks> small = peaks_of(kSmallBatch);
    if (small.ok()) {
      const int64_t images = LargeBatch(*small, estimate.batches, budget);
      const absl::StatusOr<Peaks> large = peaks_of(images);
      if (large.ok()) return Line(*small, *large, kSmallBatch, images - kSmallBatch);
      if (!absl::IsResourceExhausted(large.status())) return large.status();
    }
    PDARTS_RETURN_IF_ERROR(small.status());
    PDARTS_ASSIGN_OR_RETURN(const Peaks smallest, peaks_of(kSmallestBatch));
    return Line(smallest, *small, kSmallestBatch, kSmallBatch - kSmallestBatch);
  };
  const absl::StatusOr<BatchMemory> batch_memory = line();
  if (absl::IsResourceExhausted(batch_memory.status()) && has_budget) {
    return absl::ResourceExhaustedError(absl::StrCat(
        estimate.what,
        " needs more memory than there is: ", estimate.policy.limit->available_bytes / 1000000,
        " MB are free (", estimate.policy.limit->name, "), and a batch of ", kSmallBatch,
        " does not fit; --allow_swap tries it nevertheless"));
  }
  PDARTS_RETURN_IF_ERROR(batch_memory.status());
  estimate.batch_memory = *batch_memory;
  estimate.policy.limit = limit();
  estimate.resident_bytes = memory != nullptr ? memory->Now().reserved : ResidentBytes();
  return estimate;
}

absl::StatusOr<MemoryEstimate> EstimateMemory(c10::Device device, MemoryEstimate estimate,
                                              const Measure& measure) {
  const std::string what = estimate.what;
  // A device that does not start throws.
  return CatchLibTorchErrors([&] { return EstimateMemoryOn(device, std::move(estimate), measure); },
                             what);
}

}  // namespace

bool HasMemoryEstimates(c10::Device device) {
  return device.is_cpu() || DeviceMemory::Of(device) != nullptr;
}

BatchSizes StageBatches(const SearchSettings& settings, const DatasetSplits* data,
                        const TrainingHalves* halves, int64_t processes) {
  int64_t weights = std::numeric_limits<int64_t>::max();
  if (settings.train_images() > 0) weights = settings.train_images();
  int64_t alphas = weights;
  if (halves != nullptr) {
    weights = halves->weights.size(0);
    alphas = halves->alphas.size(0);
  }
  BatchSizes batches;
  batches.training =
      NumBatches(std::min<int64_t>(settings.batch_size(), std::max(weights, alphas)), processes);
  batches.evaluation =
      NumBatches(std::min<int64_t>(settings.evaluation_batch_size(), alphas), processes);
  batches.processes = processes;
  if (halves != nullptr) {
    const auto last = [&](int64_t images) {
      return images > settings.batch_size() ? images % settings.batch_size() : 0;
    };
    batches.last = NumBatches(std::max(last(weights), last(alphas)), processes);
  }
  if (data != nullptr) {  // of weights, of alphas, and for evaluations
    batches.loading = ReadAheadBytes(settings.loading(), *data,
                                     std::max(batches.training, batches.evaluation), /*loaders=*/3);
  }
  return batches;
}

BatchSizes TrainingBatches(const TrainSettings& settings, const DatasetSplits* data,
                           int64_t processes) {
  BatchSizes batches = {StepImages(settings, data), settings.evaluation_batch_size()};
  batches.processes = processes;
  if (data != nullptr) {
    batches.evaluation = std::min(batches.evaluation, data->test->size());
  }
  batches.evaluation = NumBatches(batches.evaluation, processes);
  const int64_t share = NumBatches(batches.training, processes);
  if (data != nullptr) {
    batches.loading = ReadAheadBytes(settings.loading(), *data, std::max(share, batches.evaluation),
                                     /*loaders=*/2);
  }
  batches.training = NumBatches(LargestPart(settings, batches.training), processes);
  return batches;
}

int64_t BatchMemory::Bytes(const BatchSizes& batches) const {
  const double step = per_image * static_cast<double>(batches.training);
  const double last = per_image * static_cast<double>(batches.last);
  const double evaluation = per_evaluation_image * static_cast<double>(batches.evaluation);
  const double measured =
      fixed + (records_steps ? step + std::max(last, evaluation) : std::max(step, evaluation));
  return static_cast<int64_t>((1 + kRelativeMargin) * measured + kFixedMargin) + batches.loading;
}

int64_t BatchMemory::LargestBatch(int64_t bytes) const {
  return Largest(fixed, records_steps ? 2 * per_image : per_image, bytes);
}

int64_t BatchMemory::LargestEvaluationBatch(int64_t bytes) const {
  return Largest(fixed, records_steps ? 2 * per_evaluation_image : per_evaluation_image, bytes);
}

absl::Status MemoryEstimate::CheckFits() const {
  const int64_t needed = batch_memory.Bytes(batches);
  if (policy.allow_swap || !policy.limit || needed <= policy.limit->available_bytes) {
    return absl::OkStatus();
  }
  const int64_t available = policy.limit->available_bytes;
  const auto suggestible =
      static_cast<int64_t>(kSuggestedShare * static_cast<double>(available)) - batches.loading;
  std::vector<std::string> at, flags;
  int64_t smallest = std::numeric_limits<int64_t>::max();
  const auto suggest = [&](int64_t batch, int64_t largest, const char* name,
                           const std::string& flag, int64_t of_images) {
    if (batch == 0) return;
    at.push_back(absl::StrCat(name, " ", batch));
    if (batch <= largest) return;
    largest *= batches.processes;
    smallest = std::min(smallest, largest);
    const int64_t value =
        of_images > 0 && largest > 0 ? (of_images + largest - 1) / largest : largest;
    flags.push_back(absl::StrCat(flag, "=", value));
  };
  const int64_t largest_batch = batch_memory.LargestBatch(suggestible);
  suggest(batches.training, largest_batch, step_images > 0 ? "batch part" : "batch", batch_flag,
          step_images);
  suggest(batches.evaluation, batch_memory.LargestEvaluationBatch(suggestible),
          batches.training > 0 ? "evaluation batch" : "batch", evaluation_batch_flag, 0);
  std::string parts;
  const int64_t part =
      parts_flag.empty() || batches.training <= largest_batch
          ? 0
          : batch_memory.LargestBatch(suggestible - batches.training * image_bytes);
  if (part > 1) {  // some networks cannot train on one image
    parts = absl::StrCat("; ", parts_flag, "=", (batches.training + part - 1) / part,
                         " computes the batch in parts that would fit");
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      what, " needs about ", needed / 1000000, " MB at ", absl::StrJoin(at, " and "),
      batches.processes > 1 ? absl::StrCat(" on each of ", batches.processes, " processes") : "",
      ", ", available / 1000000, " MB are free (", policy.limit->name,
      policy.processes > 1
          ? absl::StrCat(", shared by ", policy.processes, " processes of this machine")
          : "",
      "); ",
      smallest > 0
          ? absl::StrCat("a batch of ", smallest, " would fit (", absl::StrJoin(flags, " "), ")")
          : std::string("no batch would fit"),
      parts, "; --allow_swap tries it nevertheless"));
}

absl::StatusOr<MemoryEstimate> EstimateStageMemory(const Experiment& experiment, int stage,
                                                   const Candidates& candidates,
                                                   const BatchSizes& batches,
                                                   const MemoryPolicy& policy) {
  MemoryEstimate estimate;
  estimate.what = absl::StrCat("stage ", stage + 1);
  estimate.batch_flag = "--set=search.batch_size";
  estimate.evaluation_batch_flag = "--set=search.evaluation_batch_size";
  estimate.batches = batches;
  estimate.policy = policy;
  return EstimateMemory(experiment.backend.device, std::move(estimate),
                        [&](int64_t batch, int64_t budget) {
                          return MeasureStage(experiment, stage, candidates, batch, budget);
                        });
}

absl::StatusOr<MemoryEstimate> EstimateTrainingMemory(const Training& training,
                                                      const BatchSizes& batches,
                                                      const MemoryPolicy& policy) {
  MemoryEstimate estimate;
  estimate.what = "the training";
  estimate.batch_flag = "--set=train.batch_size";
  const TrainSettings& settings = training.spec.train();
  const int64_t image_bytes =
      ImageBytes(training.dataset->info().image, training.backend.parameters);
  const std::string parts_flag = "--set=train.accumulate";
  if (settings.accumulate() > 1) {
    estimate.batch_flag = parts_flag;
    estimate.step_images = settings.batch_size();
  } else {
    estimate.parts_flag = parts_flag;
    estimate.image_bytes = image_bytes;
  }
  estimate.evaluation_batch_flag = "--set=train.evaluation_batch_size";
  estimate.batches = batches;
  estimate.policy = policy;
  const auto measure = [&](int64_t batch, int64_t budget) {
    return MeasureTraining(training, batch, budget);
  };
  PDARTS_ASSIGN_OR_RETURN(estimate,
                          EstimateMemory(training.backend.device, std::move(estimate), measure));
  // A step holds the images of all its parts. Two parts were measured, and are in per_image.
  const int64_t more = std::max<int64_t>(
      0, NumBatches(estimate.step_images, batches.processes) - 2 * batches.training);
  estimate.batch_memory.fixed += static_cast<double>(more * image_bytes);
  return estimate;
}

absl::StatusOr<MemoryEstimate> EstimateEvaluationMemory(const std::string& what,
                                                        const std::string& batch_flag,
                                                        Network& network, const ImageShape& image,
                                                        int classes, int64_t batch,
                                                        const MemoryPolicy& policy) {
  MemoryEstimate estimate;
  estimate.what = what;
  estimate.evaluation_batch_flag = batch_flag;
  estimate.batches.evaluation = batch;
  estimate.policy = policy;
  DatasetInfo info;
  info.image = image;
  info.class_names.resize(static_cast<size_t>(classes));
  info.mean.assign(static_cast<size_t>(image.channels), 0);
  info.deviation.assign(static_cast<size_t>(image.channels), 1);
  return EstimateMemory(DeviceOf(network), std::move(estimate), [&](int64_t size, int64_t budget) {
    return MeasureEvaluation(network, info, size, budget);
  });
}

}  // namespace pdarts
