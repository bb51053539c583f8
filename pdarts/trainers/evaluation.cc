#include "pdarts/trainers/evaluation.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "ATen/ops/arange.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/full.h"
#include "ATen/ops/softmax.h"
#include "ATen/ops/zeros.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/device_numbers.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/network.h"
#include "pdarts/core/super_net.h"

namespace pdarts {
namespace {

/// The number of batches whose numbers a device keeps until the host reads them together.
constexpr size_t kBatchesOfARead = 50;

/// Whether `a` comes before `b` in the list of mistakes.
bool IsSurer(const ConfidentMistake& a, const ConfidentMistake& b) {
  return std::tie(b.probability, a.image) < std::tie(a.probability, b.image);
}

/// The results of a network for the images of one loader. The numbers of a batch stay on the
/// network's device until Read copies the numbers of all batches together, because a device must
/// finish its work before each copy. After Read, the results are the same as with a read after each
/// batch.
class Measurement {
 public:
  explicit Measurement(Loader& loader) : loader_(loader) {
    evaluation_.predicted_classes = at::full({loader.source().size()}, -1, at::kLong);
  }

  /// labels: on the device of the logits.
  void Add(const Batch& batch, const at::Tensor& logits, const at::Tensor& labels) {
    const at::Tensor probabilities = at::softmax(logits.to(at::kDouble), 1).amax(1);
    numbers_.push_back(at::cat({at::cross_entropy_loss(logits, labels).to(at::kDouble).view({1}),
                                CountHits(logits, labels).to(at::kDouble),
                                logits.argmax(1).to(at::kDouble), probabilities}));
    batches_.push_back({batch.indices, batch.epoch});
  }

  /// Number of batches that were added since the last Read.
  size_t num_unread() const { return batches_.size(); }

  void Read() {
    if (batches_.empty()) return;
    at::Tensor rest = at::cat(numbers_).cpu();
    for (const Unread& batch : batches_) {
      const int64_t images = batch.indices.size(0);
      const auto take = [&rest](int64_t count) {
        const at::Tensor numbers = rest.narrow(0, 0, count);
        rest = rest.narrow(0, count, rest.size(0) - count);
        return numbers;
      };
      const at::Tensor loss = take(1), hits = take(2),
                       predicted_classes = take(images).to(at::kLong);
      meter_.AddHits(loss, hits, images);
      evaluation_.predicted_classes.index_copy_(0, batch.indices, predicted_classes);
      AddMistakes(batch, predicted_classes, take(images));
    }
    numbers_.clear();
    batches_.clear();
  }

  /// The measurements of all processes together, after the last Read.
  absl::StatusOr<Evaluation> Finish() {
    evaluation_.mistakes.clear();
    for (Mistake& mistake : mistakes_) {
      PDARTS_ASSIGN_OR_RETURN(mistake.pixels, loader_.PixelsOf(mistake.image, mistake.epoch));
      evaluation_.mistakes.push_back(mistake);
    }
    PDARTS_RETURN_IF_ERROR(Gather());
    evaluation_.accuracy = meter_.Mean();
    evaluation_.skipped_images = loader_.images_per_epoch() - meter_.images();
    return evaluation_;
  }

 private:
  struct Unread {
    at::Tensor indices;
    int64_t epoch;
  };
  struct Mistake : ConfidentMistake {
    int64_t epoch = 0;  ///< of the batch: transforms of the image may depend on it
  };

  /// Adds the mistakes of a batch to the most confident mistakes so far. predicted_classes: the
  /// predicted classes; predicted_classes and probabilities are `[N]`, on the CPU.
  void AddMistakes(const Unread& batch, const at::Tensor& predicted_classes,
                   const at::Tensor& probabilities) {
    const at::Tensor labels = loader_.source().labels().index_select(0, batch.indices);
    const auto probability = probabilities.accessor<double, 1>();
    const auto label = labels.accessor<int64_t, 1>(),
               predicted_class = predicted_classes.accessor<int64_t, 1>();
    const auto index = batch.indices.accessor<int64_t, 1>();
    for (int64_t i = 0; i < label.size(0); ++i) {
      if (predicted_class[i] == label[i] || !std::isfinite(probability[i])) continue;
      Mistake mistake;
      mistake.image = index[i];
      mistake.predicted_class = predicted_class[i];
      mistake.probability = probability[i];
      mistake.epoch = batch.epoch;
      if (mistakes_.size() == kMostMistakes && !IsSurer(mistake, mistakes_.back())) continue;
      const auto place = std::upper_bound(mistakes_.begin(), mistakes_.end(), mistake, &IsSurer);
      mistakes_.insert(place, std::move(mistake));
      if (mistakes_.size() > kMostMistakes) mistakes_.pop_back();
    }
  }

  /// Combines the measurements of all processes, each of which measured its share of the images.
  absl::Status Gather();

  Loader& loader_;
  std::vector<at::Tensor> numbers_;  ///< loss, hits, predicted classes and their probabilities
  std::vector<Unread> batches_;
  Meter meter_;
  std::vector<Mistake> mistakes_;
  Evaluation evaluation_;
};

/// Combines the mistakes of all processes. pixels: the shape of ConfidentMistake::pixels.
absl::Status GatherMistakes(Communicator& communicator, at::IntArrayRef pixels,
                            std::vector<ConfidentMistake>* mistakes) {
  constexpr int64_t kNumbers = 4;  // is a mistake; image, class, probability
  const auto most = static_cast<int64_t>(kMostMistakes);
  const at::Tensor numbers = at::zeros({communicator.size(), most, kNumbers}, at::kDouble);
  auto number = numbers.accessor<double, 3>();
  for (size_t i = 0; i < mistakes->size(); ++i) {
    const ConfidentMistake& mistake = (*mistakes)[i];
    auto own = number[communicator.rank()][static_cast<int64_t>(i)];
    own[0] = 1;
    own[1] = static_cast<double>(mistake.image);
    own[2] = static_cast<double>(mistake.predicted_class);
    own[3] = mistake.probability;
  }
  PDARTS_RETURN_IF_ERROR(communicator.AllReduce({numbers}));
  std::vector<ConfidentMistake> all;
  for (int64_t rank = 0; rank < communicator.size(); ++rank) {
    for (int64_t i = 0; i < most; ++i) {
      const auto of = number[rank][i];
      if (of[0] == 0) continue;
      // Only the process that has an image has its pixels.
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

absl::Status Measurement::Gather() {
  Communicator& communicator = loader_.communicator();
  if (communicator.size() == 1) return absl::OkStatus();
  PDARTS_RETURN_IF_ERROR(meter_.Sum(communicator));
  evaluation_.predicted_classes.add_(1);  // 0: not measured here
  PDARTS_RETURN_IF_ERROR(communicator.AllReduce({evaluation_.predicted_classes}));
  evaluation_.predicted_classes.sub_(1);
  const ImageShape& image = loader_.image();
  return GatherMistakes(communicator, {image.channels, image.height, image.width},
                        &evaluation_.mistakes);
}

/// forward: computes the logits `[N,classes]` of images.
template <class Forward>
absl::StatusOr<Evaluation> EvaluateModule(torch::nn::Module& module, const Forward& forward,
                                          Loader& loader, c10::Device device,
                                          const std::function<bool()>& stop) {
  c10::NoGradGuard no_grad;
  const bool was_training = module.is_training();
  module.eval();
  const absl::Cleanup back = [&] { module.train(was_training); };
  const size_t read_every = device.is_cpu() ? 1 : kBatchesOfARead;
  Measurement measurement(loader);
  DeviceNumbers numbers(device);
  for (int64_t i = 0; i < loader.batches_per_epoch(); ++i) {
    if (stop && stop()) return absl::CancelledError("measuring was stopped as asked");
    PDARTS_ASSIGN_OR_RETURN(const Batch batch, loader.NextOn(device));
    const bool all_have_it = !batch.parts.empty() && !batch.parts.front().is_shared;
    if (all_have_it && loader.communicator().rank() > 0) continue;
    ForwardContext context;
    context.masks = Masks(MaskKey(), batch.first_image);
    numbers.Put(&context);
    measurement.Add(batch, forward(batch.images, context), batch.labels);
    if (measurement.num_unread() == read_every) measurement.Read();
  }
  measurement.Read();
  return measurement.Finish();
}

}  // namespace

std::vector<int64_t> CountCorrect(const at::Tensor& labels, const at::Tensor& predicted_classes,
                                  int classes) {
  std::vector<int64_t> correct(classes, 0);
  const auto label = labels.accessor<int64_t, 1>(),
             predicted_class = predicted_classes.accessor<int64_t, 1>();
  for (int64_t i = 0; i < label.size(0); ++i)
    correct[label[i]] += label[i] == predicted_class[i] ? 1 : 0;
  return correct;
}

std::vector<std::map<int64_t, int64_t>> CountPredictedClasses(const at::Tensor& labels,
                                                              const at::Tensor& predicted_classes,
                                                              size_t classes) {
  std::vector<std::map<int64_t, int64_t>> counts(classes);
  const auto label = labels.accessor<int64_t, 1>(),
             predicted_class = predicted_classes.accessor<int64_t, 1>();
  for (int64_t i = 0; i < label.size(0); ++i) {
    if (predicted_class[i] >= 0) ++counts[label[i]][predicted_class[i]];
  }
  return counts;
}

absl::Status CheckMeasurable(const DatasetSplits& data) {
  if (data.test->size() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      data.source,
      " holds no test images, so networks cannot be measured: the test split is empty. ",
      "Add some; a dataset that has the field dataset.test_share can also set training images "
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

absl::StatusOr<Evaluation> Evaluate(SuperNet& super_net, Loader& loader, c10::Device device,
                                    const std::function<bool()>& stop) {
  return EvaluateModule(
      super_net,
      [&](const at::Tensor& images, const ForwardContext& context) {
        return super_net.Forward(images, context);
      },
      loader, device, stop);
}

}  // namespace pdarts
