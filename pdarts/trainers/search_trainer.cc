#include "pdarts/trainers/search_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>

#include "ATen/ops/cross_entropy_loss.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "pdarts/core/process.h"
#include "pdarts/core/random.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/datasets/augmentation/augmentation.h"
#include "pdarts/datasets/augmentation/batch_stream.h"
#include "pdarts/trainers/memory_estimate.h"
#include "pdarts/trainers/optimizers.h"

namespace pdarts {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Running means over an epoch.
class Meter {
 public:
  /// loss: scalar, mean over the batch; logits `[N,classes]`; labels `[N]`.
  void Add(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels) {
    const int64_t n = labels.size(0);
    const int64_t k = std::min<int64_t>(5, logits.size(1));
    const at::Tensor best = std::get<1>(logits.topk(k, 1));
    const at::Tensor hits = best.eq(labels.unsqueeze(1));
    loss_ += loss.item<double>() * static_cast<double>(n);
    top1_ += hits.select(1, 0).sum().item<double>();
    top5_ += hits.sum().item<double>();
    images_ += n;
  }
  int64_t images() const { return images_; }
  Accuracy Mean() const {
    const double n = images_ > 0 ? static_cast<double>(images_) : 1;
    return {100 * top1_ / n, 100 * top5_ / n, loss_ / n};
  }

 private:
  double loss_ = 0, top1_ = 0, top5_ = 0;
  int64_t images_ = 0;
};

/// Trains one stage's super-network.
class StageTrainer {
 public:
  StageTrainer(const Experiment& experiment, const DatasetSplits& data,
               const TrainingHalves& halves, c10::Device device, int stage,
               SearchObserver* observer)
      : experiment_(experiment),
        settings_(experiment.spec.search()),
        data_(data),
        halves_(halves),
        device_(device),
        dtype_(settings_.precision() == FLOAT64 ? at::kDouble : at::kFloat),
        observer_(observer) {
    position_.stage = stage;
    position_.num_stages = experiment.schedule->num_stages();
    position_.shape = experiment.schedule->stage(stage);
    position_.steps = static_cast<int>((halves.weights.size(0) + settings_.batch_size() - 1) /
                                       settings_.batch_size());
  }

  /// What the process is expected to hold; told to the observer.
  void set_expected_bytes(int64_t bytes) { position_.expected_bytes = bytes; }

  absl::Status Train(const Candidates& candidates) {
    PDARTS_ASSIGN_OR_RETURN(
        net_, experiment_.space->BuildSuperNet(
                  candidates, experiment_.StageNetShape(position_.stage), Generator("weights")));
    net_->InitializeAlphas(settings_.alpha_deviation(), Generator("alphas"));
    net_->set_generator(Generator("dropout"));
    net_->to(device_, dtype_);
    Sgd weights(net_->weights(), settings_.weights());
    Adam alphas(net_->alphas(), settings_.alphas());
    BatchStream weight_batches(halves_.weights, settings_.batch_size(), Generator("weight order"));
    BatchStream alpha_batches(halves_.alphas, settings_.batch_size(), Generator("alpha order"));
    at::Generator weight_augmentation = Generator("weight augmentation");
    at::Generator alpha_augmentation = Generator("alpha augmentation");
    at::Generator evaluation_augmentation = Generator("evaluation augmentation");
    context_.stage = position_.stage;
    context_.num_stages = position_.num_stages;
    context_.shape = position_.shape;
    context_.net = net_.get();
    context_.generator = Generator("regularizers");

    PDARTS_RETURN_IF_ERROR(observer_->OnStageBegin(position_, *net_));
    for (const auto& regularizer : experiment_.regularizers) {
      PDARTS_RETURN_IF_ERROR(regularizer->OnStageBegin(context_));
    }
    for (int epoch = 0; epoch < position_.shape.epochs; ++epoch) {
      const Clock::time_point begin = Clock::now();
      position_.epoch = context_.epoch = epoch;
      for (const auto& regularizer : experiment_.regularizers) {
        PDARTS_RETURN_IF_ERROR(regularizer->OnEpochBegin(context_));
      }
      const bool train_alphas = epoch >= position_.shape.warmup_epochs;
      Meter weight_meter, alpha_meter;
      double learning_rate = 0;
      weight_batches.BeginEpoch();
      alpha_batches.BeginEpoch();
      for (int step = 0; step < position_.steps; ++step) {
        position_.step = step;
        learning_rate = LearningRate();
        const auto weight_step = [&]() -> absl::Status {
          PDARTS_ASSIGN_OR_RETURN(const GradientResult pass,
                                  Pass(GradientOf::kWeights, weight_batches.Next(),
                                       weight_augmentation, &weight_meter));
          ClipNorm(pass.weights, settings_.weights().clip_norm());
          weights.Step(pass.weights, learning_rate);
          return absl::OkStatus();
        };
        const auto alpha_step = [&]() -> absl::Status {
          if (!train_alphas) return absl::OkStatus();
          PDARTS_ASSIGN_OR_RETURN(
              const GradientResult pass,
              Pass(GradientOf::kAlphas, alpha_batches.Next(), alpha_augmentation, &alpha_meter));
          ClipNorm(pass.alphas, settings_.alphas().clip_norm());
          alphas.Step(pass.alphas);
          return absl::OkStatus();
        };
        if (settings_.step_order() == ALPHAS_FIRST) {
          PDARTS_RETURN_IF_ERROR(alpha_step());
          PDARTS_RETURN_IF_ERROR(weight_step());
        } else {
          PDARTS_RETURN_IF_ERROR(weight_step());
          PDARTS_RETURN_IF_ERROR(alpha_step());
        }
        StepReport report;
        report.position = position_;
        report.weight_loss = weight_meter.Mean().loss;
        report.weight_top1 = weight_meter.Mean().top1;
        report.images_per_second =
            static_cast<double>(weight_meter.images() + alpha_meter.images()) / SecondsSince(begin);
        PDARTS_RETURN_IF_ERROR(observer_->OnStep(report));
      }

      EpochReport report;
      report.position = position_;
      report.weight_loss = weight_meter.Mean().loss;
      report.weight_top1 = weight_meter.Mean().top1;
      report.images_per_second =
          static_cast<double>(weight_meter.images() + alpha_meter.images()) / SecondsSince(begin);
      if (alpha_meter.images() > 0) {
        report.alpha_loss = alpha_meter.Mean().loss;
        report.alpha_top1 = alpha_meter.Mean().top1;
      }
      if (epoch >= position_.shape.epochs - settings_.evaluated_epochs()) {
        accuracy_ = Evaluate(evaluation_augmentation);
        report.supernet = accuracy_;
      }
      report.learning_rate = learning_rate;
      for (const auto& regularizer : experiment_.regularizers) {
        for (auto& entry : regularizer->Report()) report.regularizers.push_back(std::move(entry));
      }
      report.net = net_.get();
      report.seconds = SecondsSince(begin);
      PDARTS_RETURN_IF_ERROR(observer_->OnEpochEnd(report));
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<SuperNet>& net() const { return net_; }
  const SearchPosition& position() const { return position_; }
  const Accuracy& accuracy() const { return accuracy_; }

 private:
  at::Generator Generator(absl::string_view purpose) const {
    return MakeGenerator(static_cast<uint64_t>(experiment_.spec.seed()), purpose,
                         static_cast<uint64_t>(position_.stage));
  }

  double LearningRate() const {
    double epoch = position_.epoch;
    if (settings_.weights().cosine_by_step()) {
      epoch += static_cast<double>(position_.step) / position_.steps;
    }
    return CosineLearningRate(settings_.weights(), epoch, position_.shape.epochs);
  }

  /// indices: of training images. Augmented, on the device.
  Batch MakeBatch(const at::Tensor& indices, at::Generator& generator) const {
    Batch batch = MakeTrainingBatch(data_.train, indices, settings_.augmentation(),
                                    experiment_.dataset->info(), dtype_, generator);
    batch.images = batch.images.to(device_);
    batch.labels = batch.labels.to(device_);
    return batch;
  }

  absl::StatusOr<GradientResult> Pass(GradientOf of, const at::Tensor& indices,
                                      at::Generator& generator, Meter* meter) {
    const Batch batch = MakeBatch(indices, generator);
    GradientRequest request;
    request.images = batch.images;
    request.labels = batch.labels;
    request.of = of;
    request.penalty = [&] { return Penalty(of); };
    GradientResult result = net_->Gradients(request);
    meter->Add(result.loss, result.logits, batch.labels);
    const double loss = result.loss.item<double>();
    if (!std::isfinite(loss)) {
      return absl::InternalError(
          absl::StrCat("the loss of the ", of == GradientOf::kWeights ? "weights" : "alphas",
                       " became ", loss, " in stage ", position_.stage + 1, ", epoch ",
                       position_.epoch + 1, ", step ", position_.step + 1));
    }
    return result;
  }

  at::Tensor Penalty(GradientOf of) const {
    at::Tensor sum;
    for (const auto& regularizer : experiment_.regularizers) {
      const at::Tensor penalty = of == GradientOf::kWeights ? regularizer->WeightPenalty(context_)
                                                            : regularizer->AlphaPenalty(context_);
      if (penalty.defined()) sum = sum.defined() ? sum.add(penalty) : penalty;
    }
    return sum;
  }

  /// On the alphas' half, with its augmentation: so do the published figures (ALGORITHM 2).
  Accuracy Evaluate(at::Generator& generator) {
    c10::NoGradGuard no_grad;
    net_->eval();
    Meter meter;
    for (const at::Tensor& indices : halves_.alphas.split(settings_.evaluation_batch_size())) {
      const Batch batch = MakeBatch(indices, generator);
      const at::Tensor logits = net_->Forward(batch.images);
      meter.Add(at::cross_entropy_loss(logits, batch.labels), logits, batch.labels);
    }
    net_->train();
    return meter.Mean();
  }

  const Experiment& experiment_;
  const SearchSettings& settings_;
  const DatasetSplits& data_;
  const TrainingHalves& halves_;
  const c10::Device device_;
  const at::ScalarType dtype_;
  SearchObserver* const observer_;
  SearchPosition position_;
  SearchContext context_;
  std::shared_ptr<SuperNet> net_;
  Accuracy accuracy_;
};

/// Refuses a stage whose tensors don't fit into what is free. Returns what they hold.
absl::StatusOr<int64_t> CheckStageMemory(const Experiment& experiment, int stage,
                                         const Candidates& candidates, int64_t available,
                                         bool allow_swap) {
  PDARTS_ASSIGN_OR_RETURN(const MemoryEstimate estimate,
                          EstimateStageMemory(experiment, stage, candidates));
  const SearchSettings& settings = experiment.spec.search();
  const int64_t needed = estimate.Bytes(settings);
  if (needed <= available || allow_swap) return needed;
  const int64_t batch = std::min<int64_t>(estimate.LargestBatch(available), settings.batch_size());
  return absl::ResourceExhaustedError(absl::StrCat(
      "stage ", stage + 1, " needs about ", needed / 1000000, " MB at batch ",
      settings.batch_size(), ", ", available / 1000000, " MB are free; ",
      batch > 0 ? absl::StrCat("a batch of ", batch, " would fit (--set=search.batch_size=", batch,
                               "; evaluation_batch_size counts too)")
                : std::string("no batch would fit"),
      "; --allow_swap tries all the same"));
}

absl::StatusOr<SearchResult> RunStages(const Experiment& experiment, const DatasetSplits& data,
                                       const SearchOptions& options, SearchObserver* observer) {
  const int64_t resident_before = ResidentBytes();
  PDARTS_ASSIGN_OR_RETURN(
      const TrainingHalves halves,
      SplitTrainingImages(data.train.images.size(0), experiment.spec.search().train_images(),
                          experiment.spec.search().weights_share()));
  const int num_stages = experiment.schedule->num_stages();
  Candidates candidates = AllCandidates(experiment.space->topology());
  std::vector<PrunedStage> history;
  SearchResult result;
  for (int stage = 0; stage < num_stages; ++stage) {
    result.net.reset();  // the stage before frees its memory first
    StageTrainer trainer(experiment, data, halves, options.device, stage, observer);
    if (options.device.is_cpu()) {
      // What earlier stages took stays with the process and is free for this one.
      const int64_t available = options.available_bytes > 0
                                    ? options.available_bytes
                                    : AvailableBytes() + ResidentBytes() - resident_before;
      PDARTS_ASSIGN_OR_RETURN(
          const int64_t needed,
          CheckStageMemory(experiment, stage, candidates, available, options.allow_swap));
      trainer.set_expected_bytes(resident_before + needed);
    }
    PDARTS_RETURN_IF_ERROR(trainer.Train(candidates));
    result.net = trainer.net();
    result.supernet = trainer.accuracy();
    const EdgeProbabilities probabilities = result.net->Probabilities();
    PDARTS_ASSIGN_OR_RETURN(Candidates kept,
                            experiment.schedule->Prune(stage, candidates, probabilities));
    PDARTS_RETURN_IF_ERROR(observer->OnStageEnd(trainer.position(), *result.net, kept));
    if (stage + 1 == num_stages) {
      PDARTS_ASSIGN_OR_RETURN(
          result.derivation,
          experiment.space->Derive(candidates, probabilities, experiment.MakeDerivationOptions()));
    } else {
      history.push_back({candidates, probabilities, kept});
      candidates = std::move(kept);
    }
  }
  AddPruningHistory(experiment.space->topology(), history, &result.derivation.trace);
  return result;
}

}  // namespace

absl::StatusOr<SearchResult> RunSearch(const Experiment& experiment, const DatasetSplits& data,
                                       const SearchOptions& options, SearchObserver* observer) {
  try {
    return RunStages(experiment, data, options, observer);
  } catch (const std::exception& error) {  // LibTorch reports by throwing
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what()));
  }
}

void AddPruningHistory(const Topology& topology, const std::vector<PrunedStage>& history,
                       DerivationTrace* trace) {
  for (EdgeDecision& decision : *trace->mutable_edges()) {
    for (size_t kind = 0; kind < topology.kinds.size(); ++kind) {
      if (topology.kinds[kind].name != decision.cell_kind()) continue;
      for (size_t stage = 0; stage < history.size(); ++stage) {
        const EdgeCandidates& before = history[stage].before[kind][decision.edge()];
        const EdgeCandidates& kept = history[stage].kept[kind][decision.edge()];
        for (size_t i = 0; i < before.size(); ++i) {
          if (std::find(kept.begin(), kept.end(), before[i]) != kept.end()) continue;
          PrunedOperation* pruned = decision.add_pruned();
          pruned->set_operation(topology.kinds[kind].operations[before[i]]);
          pruned->set_stage(static_cast<int>(stage) + 1);
          pruned->set_probability(history[stage].probabilities[kind][decision.edge()][i]);
        }
      }
    }
  }
}

}  // namespace pdarts
