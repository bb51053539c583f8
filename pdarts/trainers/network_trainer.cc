#include "pdarts/trainers/network_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <utility>

#include "ATen/ops/_foreach_lerp.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/zeros_like.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "pdarts/core/random.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/datasets/augmentation/augmentation.h"
#include "pdarts/trainers/evaluation.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts {
namespace {

using Clock = std::chrono::steady_clock;

/// Epochs at the end in which a linear learning rate falls five times slower.
constexpr int kSlowEpochs = 5;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

AugmentationSettings Augmentation(const TrainAugmentation& settings) {
  AugmentationSettings augmentation;
  augmentation.set_crop_padding(settings.crop_padding());
  augmentation.set_flip(settings.flip());
  augmentation.set_cutout(settings.cutout());
  return augmentation;
}

/// Parameters and buffers.
std::vector<at::Tensor> All(const Network& network) {
  std::vector<at::Tensor> all = network.parameters();
  for (const at::Tensor& buffer : network.buffers()) all.push_back(buffer);
  return all;
}

absl::StatusOr<std::shared_ptr<Network>> Build(const Training& training, c10::Device device) {
  PDARTS_ASSIGN_OR_RETURN(
      std::shared_ptr<Network> network,
      training.space->BuildNetwork(
          training.architecture, training.Shape(),
          MakeGenerator(static_cast<uint64_t>(training.spec.seed()), "weights")));
  network->to(device, training.spec.train().precision() == FLOAT64 ? at::kDouble : at::kFloat);
  return network;
}

/// One epoch after another.
class NetworkTrainer {
 public:
  NetworkTrainer(const Training& training, const DatasetSplits& data, c10::Device device,
                 TrainObserver* observer, NetworkTrainingState* state)
      : settings_(training.spec.train()),
        info_(training.dataset->info()),
        data_(data),
        device_(device),
        dtype_(settings_.precision() == FLOAT64 ? at::kDouble : at::kFloat),
        augmentation_(Augmentation(settings_.augmentation())),
        observer_(observer),
        state_(*state) {}

  absl::Status TrainEpoch() {
    const Clock::time_point begin = Clock::now();
    const int64_t images = state_.order->images().size(0);
    TrainPosition position;
    position.epoch = state_.epoch;
    position.epochs = settings_.epochs();
    position.steps =
        static_cast<int>((images + settings_.batch_size() - 1) / settings_.batch_size());
    state_.network->train();
    state_.network->set_drop_path(settings_.drop_path() * position.epoch / position.epochs);
    state_.order->BeginEpoch();
    Meter meter;
    TrainEpochReport report;
    for (; position.step < position.steps; ++position.step) {
      report.learning_rate = LearningRate(settings_, Epoch(position));
      PDARTS_RETURN_IF_ERROR(Step(position, report.learning_rate, &meter));
      TrainStepReport step;
      step.position = position;
      step.train = meter.Mean();
      step.images_per_second = static_cast<double>(meter.images()) / SecondsSince(begin);
      PDARTS_RETURN_IF_ERROR(observer_->OnStep(step));
    }
    report.position = position;
    report.train = meter.Mean();
    report.images_per_second = static_cast<double>(meter.images()) / SecondsSince(begin);
    report.drop_path = state_.network->drop_path();
    Network& measured = state_.average ? *state_.average : *state_.network;
    state_.last =
        Evaluate(measured, data_.test, info_, settings_.evaluation_batch_size(), device_).accuracy;
    report.test = state_.last;
    report.is_best = state_.best_epoch < 0 || state_.last.top1 > state_.best.top1;
    if (report.is_best) {
      state_.best = state_.last;
      state_.best_epoch = state_.epoch;
    }
    ++state_.epoch;
    report.measured = &measured;
    report.seconds = SecondsSince(begin);
    return observer_->OnEpochEnd(report);
  }

 private:
  double Epoch(const TrainPosition& position) const {
    if (!settings_.weights().cosine_by_step()) return position.epoch;
    return position.epoch + static_cast<double>(position.step) / position.steps;
  }

  absl::Status Step(const TrainPosition& position, double learning_rate, Meter* meter) {
    const Batch batch = MakeTrainingBatch(data_.train, state_.order->Next(), augmentation_, info_,
                                          dtype_, state_.augmentation);
    const at::Tensor labels = batch.labels.to(device_);
    const auto loss_of = [&](const at::Tensor& logits) {
      return at::cross_entropy_loss(logits, labels, /*weight=*/{}, at::Reduction::Mean,
                                    /*ignore_index=*/-100, settings_.label_smoothing());
    };
    const NetworkOutput output = state_.network->Forward(batch.images.to(device_));
    const at::Tensor loss = loss_of(output.logits);
    at::Tensor total = loss;
    if (output.auxiliary.defined()) {
      total = total + settings_.auxiliary_weight() * loss_of(output.auxiliary);
    }
    if (const double value = total.item<double>(); !std::isfinite(value)) {
      return absl::InternalError(absl::StrCat("the loss became ", value, " in epoch ",
                                              position.epoch + 1, ", step ", position.step + 1));
    }
    const std::vector<at::Tensor> parameters = state_.network->parameters();
    std::vector<at::Tensor> gradients =
        torch::autograd::grad({total}, parameters, /*grad_outputs=*/{},
                              /*retain_graph=*/std::nullopt, /*create_graph=*/false,
                              /*allow_unused=*/true);
    for (size_t i = 0; i < gradients.size(); ++i) {  // what only feeds `none` has no gradient
      if (!gradients[i].defined()) gradients[i] = at::zeros_like(parameters[i]);
    }
    ClipNorm(gradients, settings_.weights().clip_norm());
    state_.optimizer->Step(gradients, learning_rate);
    if (state_.average) {
      c10::NoGradGuard no_grad;
      at::_foreach_lerp_(All(*state_.average), All(*state_.network), 1 - settings_.average_decay());
    }
    meter->Add(loss.detach(), output.logits.detach(), labels);
    return absl::OkStatus();
  }

  const TrainSettings& settings_;
  const DatasetInfo& info_;
  const DatasetSplits& data_;
  const c10::Device device_;
  const at::ScalarType dtype_;
  const AugmentationSettings augmentation_;
  TrainObserver* const observer_;
  NetworkTrainingState& state_;
};

}  // namespace

double LearningRate(const TrainSettings& settings, double epoch) {
  const int epochs = settings.epochs();
  double rate;
  if (settings.learning_rate_shape() == COSINE) {
    rate = CosineLearningRate(settings.weights(), epoch, epochs);
  } else {
    const double base = settings.weights().learning_rate();
    const double fast = std::max(1, epochs - kSlowEpochs);
    const double left = epochs - epoch;
    rate = left > kSlowEpochs ? base * (left - kSlowEpochs) / fast
                              : base * left / (kSlowEpochs * fast);
  }
  if (epoch < settings.warmup_epochs()) rate *= (epoch + 1) / settings.warmup_epochs();
  return rate;
}

absl::StatusOr<NetworkTrainingState> BeginTraining(const Training& training,
                                                   const DatasetSplits& data, c10::Device device) {
  const TrainSettings& settings = training.spec.train();
  const int64_t available = data.train.images.size(0);
  if (settings.train_images() > available) {
    return absl::InvalidArgumentError(absl::StrCat("train.train_images: ", settings.train_images(),
                                                   " are asked for, the training split has ",
                                                   available));
  }
  const int64_t images = settings.train_images() > 0 ? settings.train_images() : available;
  if (settings.batch_size() > images) {
    return absl::InvalidArgumentError(absl::StrCat("train.batch_size: ", settings.batch_size(),
                                                   " is larger than the training set of ", images,
                                                   " images"));
  }
  if (settings.auxiliary_weight() > 0 && images % settings.batch_size() == 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "train.batch_size: ", settings.batch_size(), " leaves a last batch of one of ", images,
        " images, which the auxiliary head can't normalise; choose another, or "
        "train.auxiliary_weight 0"));
  }
  const auto generator = [&](absl::string_view purpose) {
    return MakeGenerator(static_cast<uint64_t>(training.spec.seed()), purpose);
  };
  try {
    NetworkTrainingState state;
    PDARTS_ASSIGN_OR_RETURN(state.network, Build(training, device));
    state.drop_path = generator("drop path");
    state.network->set_generator(state.drop_path);
    if (settings.average_decay() > 0) {
      PDARTS_ASSIGN_OR_RETURN(state.average, Build(training, device));
    }
    state.optimizer = std::make_unique<Sgd>(state.network->parameters(), settings.weights());
    state.order = std::make_unique<BatchStream>(at::arange(images, at::kLong),
                                                settings.batch_size(), generator("order"));
    state.augmentation = generator("augmentation");
    return state;
  } catch (const std::exception& error) {  // LibTorch reports by throwing
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what()));
  }
}

absl::Status TrainNetwork(const Training& training, const DatasetSplits& data, c10::Device device,
                          TrainObserver* observer, NetworkTrainingState* state) {
  try {
    if (state->average && state->epoch == 0) {  // the average of weights that came from elsewhere
      c10::NoGradGuard no_grad;
      const std::vector<at::Tensor> from = All(*state->network), to = All(*state->average);
      for (size_t i = 0; i < to.size(); ++i) to[i].copy_(from[i]);
    }
    NetworkTrainer trainer(training, data, device, observer, state);
    while (state->epoch < training.spec.train().epochs()) {
      PDARTS_RETURN_IF_ERROR(trainer.TrainEpoch());
    }
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what()));
  }
}

}  // namespace pdarts
