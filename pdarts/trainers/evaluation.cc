#include "pdarts/trainers/evaluation.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "ATen/ops/arange.h"
#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/full.h"
#include "ATen/ops/softmax.h"
#include "ATen/ops/zeros.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/network.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/super_net.h"

namespace pdarts {
namespace {

/// Whether `a` stands before `b` among mistakes.
bool IsSurer(const ConfidentMistake& a, const ConfidentMistake& b) {
  return std::tie(b.probability, a.image) < std::tie(a.probability, b.image);
}

/// Adds what is wrong in a batch to the most confident mistakes so far. guesses: `[N]` on the CPU.
absl::Status AddMistakes(const Loader& loader, const Batch& batch, const at::Tensor& logits,
                         const at::Tensor& guesses, std::vector<ConfidentMistake>* mistakes) {
  const at::Tensor probabilities = at::softmax(logits.to(at::kDouble), 1).amax(1).cpu();
  const auto probability = probabilities.accessor<double, 1>();
  const auto label = batch.labels.accessor<int64_t, 1>(), guess = guesses.accessor<int64_t, 1>();
  const auto index = batch.indices.accessor<int64_t, 1>();
  for (int64_t i = 0; i < label.size(0); ++i) {
    if (guess[i] == label[i] || !std::isfinite(probability[i])) continue;
    ConfidentMistake mistake = {index[i], guess[i], probability[i], {}};
    if (mistakes->size() == kMostMistakes && !IsSurer(mistake, mistakes->back())) continue;
    PDARTS_ASSIGN_OR_RETURN(mistake.pixels, loader.Pixels(batch.images[i]));
    const auto place = std::upper_bound(mistakes->begin(), mistakes->end(), mistake, &IsSurer);
    mistakes->insert(place, std::move(mistake));
    if (mistakes->size() > kMostMistakes) mistakes->pop_back();
  }
  return absl::OkStatus();
}

/// Makes the mistakes those of all processes. pixels: the shape of ConfidentMistake::pixels.
absl::Status GatherMistakes(Communicator& communicator, at::IntArrayRef pixels,
                            std::vector<ConfidentMistake>* mistakes) {
  constexpr int64_t kNumbers = 4;  // whether there is a mistake; image, guess, probability
  const auto most = static_cast<int64_t>(kMostMistakes);
  const at::Tensor numbers = at::zeros({communicator.size(), most, kNumbers}, at::kDouble);
  auto number = numbers.accessor<double, 3>();
  for (size_t i = 0; i < mistakes->size(); ++i) {
    const ConfidentMistake& mistake = (*mistakes)[i];
    auto own = number[communicator.rank()][static_cast<int64_t>(i)];
    own[0] = 1;
    own[1] = static_cast<double>(mistake.image);
    own[2] = static_cast<double>(mistake.guess);
    own[3] = mistake.probability;
  }
  PDARTS_RETURN_IF_ERROR(communicator.AllReduce({numbers}));
  std::vector<ConfidentMistake> all;
  for (int64_t rank = 0; rank < communicator.size(); ++rank) {
    for (int64_t i = 0; i < most; ++i) {
      const auto of = number[rank][i];
      if (of[0] == 0) continue;
      // Only the process that has an image knows its pixels.
      at::Tensor seen;
      if (rank == communicator.rank()) seen = (*mistakes)[static_cast<size_t>(i)].pixels;
      all.push_back({static_cast<int64_t>(of[1]), static_cast<int64_t>(of[2]), of[3], seen});
    }
  }
  std::sort(all.begin(), all.end(), &IsSurer);
  if (all.size() > kMostMistakes) all.resize(kMostMistakes);
  std::vector<at::Tensor> sums;
  for (const ConfidentMistake& mistake : all) {
    sums.push_back(mistake.pixels.defined() ? mistake.pixels.to(at::kFloat)
                                            : at::zeros(pixels, at::kFloat));
  }
  PDARTS_RETURN_IF_ERROR(communicator.AllReduce(sums));
  for (size_t i = 0; i < all.size(); ++i) all[i].pixels = sums[i].to(at::kByte);
  *mistakes = std::move(all);
  return absl::OkStatus();
}

/// Makes what a process measured on its share of the images what all of them measured.
absl::Status Gather(Communicator& communicator, at::IntArrayRef pixels, Meter* meter,
                    Evaluation* evaluation) {
  if (communicator.size() == 1) return absl::OkStatus();
  PDARTS_RETURN_IF_ERROR(meter->Sum(communicator));
  evaluation->guesses.add_(1);  // 0: not measured here
  PDARTS_RETURN_IF_ERROR(communicator.AllReduce({evaluation->guesses}));
  evaluation->guesses.sub_(1);
  return GatherMistakes(communicator, pixels, &evaluation->mistakes);
}

/// forward: gives the logits `[N,classes]` of images.
template <class Forward>
absl::StatusOr<Evaluation> EvaluateModule(torch::nn::Module& module, const Forward& forward,
                                          Loader& loader, c10::Device device,
                                          const std::function<bool()>& stop) {
  c10::NoGradGuard no_grad;
  const bool was_training = module.is_training();
  module.eval();
  const absl::Cleanup back = [&] { module.train(was_training); };
  Meter meter;
  Evaluation evaluation;
  evaluation.guesses = at::full({loader.source().size()}, -1, at::kLong);
  std::vector<int64_t> pixels;  // the shape of an image
  for (int64_t i = 0; i < loader.batches_per_epoch(); ++i) {
    if (stop && stop()) return absl::CancelledError("measuring was stopped as asked");
    PDARTS_ASSIGN_OR_RETURN(const Batch batch, loader.Next());
    pixels = batch.images.sizes().slice(1).vec();
    const bool all_have_it = !batch.parts.empty() && !batch.parts.front().is_shared;
    if (all_have_it && loader.communicator().rank() > 0) continue;
    const at::Tensor labels = batch.labels.to(device);
    ForwardContext context;
    context.masks = Masks(MaskKey(), batch.first_image);
    const at::Tensor logits = forward(batch.images.to(device), context);
    meter.Add(at::cross_entropy_loss(logits, labels), logits, labels);
    const at::Tensor guesses = logits.argmax(1).cpu();
    evaluation.guesses.index_copy_(0, batch.indices, guesses);
    PDARTS_RETURN_IF_ERROR(AddMistakes(loader, batch, logits, guesses, &evaluation.mistakes));
  }
  PDARTS_RETURN_IF_ERROR(Gather(loader.communicator(), pixels, &meter, &evaluation));
  evaluation.accuracy = meter.Mean();
  evaluation.skipped_images = loader.images_per_epoch() - meter.images();
  return evaluation;
}

}  // namespace

std::vector<int64_t> CountRight(const at::Tensor& labels, const at::Tensor& guesses, int classes) {
  std::vector<int64_t> right(classes, 0);
  const auto label = labels.accessor<int64_t, 1>(), guess = guesses.accessor<int64_t, 1>();
  for (int64_t i = 0; i < label.size(0); ++i) right[label[i]] += label[i] == guess[i] ? 1 : 0;
  return right;
}

std::vector<std::map<int64_t, int64_t>> CountGuesses(const at::Tensor& labels,
                                                     const at::Tensor& guesses, size_t classes) {
  std::vector<std::map<int64_t, int64_t>> counts(classes);
  const auto label = labels.accessor<int64_t, 1>(), guess = guesses.accessor<int64_t, 1>();
  for (int64_t i = 0; i < label.size(0); ++i) {
    if (guess[i] >= 0) ++counts[label[i]][guess[i]];
  }
  return counts;
}

absl::Status CheckMeasurable(const DatasetSplits& data) {
  if (data.test->size() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      data.source,
      " holds no test images, which networks are measured on: the test split is empty. ",
      "Add some; a data set that has the field dataset.test_share can also set training images "
      "apart"));
}

absl::StatusOr<std::unique_ptr<Loader>> MakeEvaluationLoader(
    std::shared_ptr<const SampleSource> source, int64_t images, const Transforms& transforms,
    const DatasetInfo& info, int64_t batch_size, const LoadingSettings& loading,
    at::ScalarType dtype, Communicator& communicator) {
  LoaderOptions options;
  options.communicator = &communicator;
  options.batch_size = batch_size;
  options.purpose = "evaluation";
  options.shuffle = false;
  options.one_epoch = true;
  SetLoading(loading, &options);
  return Loader::Create(std::move(source), at::arange(images, at::kLong), transforms, info, dtype,
                        std::move(options));
}

absl::StatusOr<Evaluation> Evaluate(Network& network, Loader& loader, c10::Device device,
                                    const std::function<bool()>& stop) {
  PDARTS_ASSIGN_OR_RETURN(Evaluation evaluation,
                          EvaluateModule(
                              network,
                              [&](const at::Tensor& images, const ForwardContext& context) {
                                return network.Forward(images, context).logits;
                              },
                              loader, device, stop));
  if (const double loss = evaluation.accuracy.loss; !std::isfinite(loss)) {
    return absl::InternalError(
        absl::StrCat("the loss on the test images is ", std::isnan(loss) ? "NaN" : "infinite",
                     ": the network's outputs are not finite, so its accuracy means nothing"));
  }
  return evaluation;
}

absl::StatusOr<Evaluation> Evaluate(SuperNet& net, Loader& loader, c10::Device device,
                                    const std::function<bool()>& stop) {
  return EvaluateModule(
      net,
      [&](const at::Tensor& images, const ForwardContext& context) {
        return net.Forward(images, context);
      },
      loader, device, stop);
}

}  // namespace pdarts
