#include "pdarts/trainers/smallest_batch.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/super_net.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/trainers/batch_parts.h"
#include "pdarts/trainers/stage_candidates.h"
#include "pdarts/trainers/training_halves.h"

namespace pdarts {
namespace {

/// The reason why a pass in training mode fails on one image, although it works on two images.
/// forward: takes images `[N,C,H,W]`.
template <class Forward>
std::optional<std::string> FaultOfOneImage(const ImageShape& image, const Forward& forward) {
  c10::NoGradGuard no_grad;
  const auto fault = [&](int64_t images) -> std::optional<std::string> {
    try {
      forward(at::zeros({images, image.channels, image.height, image.width}));
    } catch (const c10::Error& error) {
      return error.what_without_backtrace();
    }
    return std::nullopt;
  };
  std::optional<std::string> of_one = fault(1);
  // If two images fail as well, the reason is not the batch size. The trainer will report the
  // error.
  if (of_one && fault(2)) return std::nullopt;
  return of_one;
}

/// The images of the smallest part that the steps of an epoch compute, and of the batch with this
/// part.
struct SmallestPart {
  int64_t images = 0;
  int64_t batch = 0;
};

/// The smallest number of images that are normalized together, if `images` images are shared by all
/// processes. If there are fewer images than processes, the images are not shared.
int64_t SmallestShare(int64_t images, int64_t processes) {
  return images < processes ? images : images / processes;
}

SmallestPart FindSmallestPart(const TrainSettings& settings, int64_t images, int64_t processes) {
  SmallestPart smallest;
  for (const int64_t batch : {std::min<int64_t>(images, settings.batch_size()),
                              SmallestBatch(images, settings.batch_size())}) {
    for (const int64_t size : PartSizes(settings, batch)) {
      const int64_t part = SmallestShare(size, processes);
      if (smallest.images == 0 || part < smallest.images) smallest = {part, batch};
    }
  }
  return smallest;
}

/// Whether an epoch has a batch of which one image is normalized alone.
bool HasOneAlone(int64_t images, int64_t batch_size, int64_t processes) {
  return SmallestShare(std::min(images, batch_size), processes) == 1 ||
         SmallestShare(SmallestBatch(images, batch_size), processes) == 1;
}

/// The reason for a batch of one image: "19 leaves a last batch of one of 20 images".
std::string HowOfOne(int64_t images, int64_t batch_size, int64_t processes) {
  if (SmallestBatch(images, batch_size) > 1) {
    return absl::StrCat(batch_size, " leaves one of ", processes,
                        " processes one image of a batch, and synchronize_statistics is false");
  }
  return batch_size == 1
             ? std::string("1 makes batches of one image")
             : absl::StrCat(batch_size, " leaves a last batch of one of ", images, " images");
}

absl::StatusOr<std::optional<std::string>> FaultOfNetwork(const Training& training,
                                                          const NetworkShape& shape) {
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<Network> network,
                          training.space->BuildNetwork(training.architecture, shape,
                                                       MakeGenerator(0, "smallest batch")));
  return FaultOfOneImage(shape.image, [&](const at::Tensor& images) { network->Forward(images); });
}

}  // namespace

int64_t SmallestBatch(int64_t images, int64_t batch_size) {
  return images % batch_size == 0 ? std::min(images, batch_size) : images % batch_size;
}

absl::Status CheckSmallestBatches(const Experiment& experiment, std::optional<int64_t> images,
                                  int64_t processes) {
  const SearchSettings& settings = experiment.spec.search();
  if (settings.synchronize_statistics()) processes = 1;
  const int64_t batch_size = settings.batch_size();
  int64_t weight_images = batch_size, alpha_images = batch_size;
  if (images) {
    PDARTS_ASSIGN_OR_RETURN(
        const TrainingHalves halves,
        SplitTrainingImages(*images, settings.train_images(), settings.weights_share()));
    weight_images = halves.weights.size(0);
    alpha_images = halves.alphas.size(0);
  }
  const bool weights_of_one = HasOneAlone(weight_images, batch_size, processes);
  // Each step of the weights is followed by at most one step of the alphas.
  const bool alphas_of_one =
      HasOneAlone(alpha_images, batch_size, processes) &&
      NumBatches(alpha_images, batch_size) <= NumBatches(weight_images, batch_size);
  if (!weights_of_one && !alphas_of_one) return absl::OkStatus();
  for (int s = 0; s < experiment.schedule->num_stages(); ++s) {
    const StageShape stage = experiment.schedule->stage(s);
    if (!weights_of_one && stage.warmup_epochs == stage.epochs) continue;
    // The result does not depend on the choice of candidates.
    PDARTS_ASSIGN_OR_RETURN(const Candidates candidates, FirstCandidates(experiment, s));
    const SuperNetShape shape = experiment.StageSuperNetShape(s);
    PDARTS_ASSIGN_OR_RETURN(
        const std::shared_ptr<SuperNet> super_net,
        experiment.space->BuildSuperNet(candidates, shape, MakeGenerator(0, "smallest batch")));
    const std::optional<std::string> fault =
        FaultOfOneImage(shape.image, [&](const at::Tensor& images) { super_net->Forward(images); });
    if (!fault) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("search.batch_size: ",
                     HowOfOne(weights_of_one ? weight_images : alpha_images, batch_size, processes),
                     ", which stage ", s + 1, " cannot train on (", *fault, "); choose another"));
  }
  return absl::OkStatus();
}

absl::Status CheckSmallestBatch(const Training& training, int64_t images, int64_t processes) {
  const TrainSettings& settings = training.spec.train();
  if (settings.synchronize_statistics()) processes = 1;
  const SmallestPart smallest = FindSmallestPart(settings, images, processes);
  if (smallest.images != 1) return absl::OkStatus();
  NetworkShape shape = training.Shape();
  PDARTS_ASSIGN_OR_RETURN(const auto fault, FaultOfNetwork(training, shape));
  if (!fault) return absl::OkStatus();
  const bool has_parts = settings.accumulate() > 1 && smallest.batch > 1;
  std::string remedy = has_parts ? "choose fewer parts" : "choose another";
  if (shape.auxiliary_head) {
    shape.auxiliary_head = false;
    PDARTS_ASSIGN_OR_RETURN(const auto without_head, FaultOfNetwork(training, shape));
    if (!without_head) absl::StrAppend(&remedy, ", or train.auxiliary_weight 0");
  }
  const std::string cause =
      has_parts
          ? absl::StrCat("train.accumulate: ", settings.accumulate(),
                         " makes a part of one image of a batch of ", smallest.batch)
          : absl::StrCat("train.batch_size: ", HowOfOne(images, settings.batch_size(), processes));
  return absl::InvalidArgumentError(
      absl::StrCat(cause, ", which the network cannot train on (", *fault, "); ", remedy));
}

}  // namespace pdarts
