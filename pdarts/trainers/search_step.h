#ifndef PDARTS_TRAINERS_SEARCH_STEP_H_
#define PDARTS_TRAINERS_SEARCH_STEP_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/masks.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/trainers/data_parallel.h"
#include "pdarts/trainers/optimizers.h"
#include "pdarts/trainers/super_net_gradients.h"

namespace pdarts {

class SuperNet;

/// Trains a super-network's weights and alphas by one batch at a time (docs/algorithm.md, "The
/// search step"). Searches train with it, the memory estimate measures it, and the benchmark times
/// it.
class SearchStep {
 public:
  /// \param net in training mode, on its device, with its alphas initialized.
  /// \param settings must outlive this object.
  /// \param seed, stage what masks depend on, beside the batch's place in the training.
  /// \param communicator the processes that train the network together, each with its share of the
  ///     batches (Batch::parts). Every step is collective then. It must outlive this object.
  SearchStep(std::shared_ptr<SuperNet> net, const SearchSettings& settings, uint64_t seed = 0,
             int64_t stage = 0, Communicator& communicator = SingleProcess());

  /// What is added to the loss that the weights, or the alphas, are trained with: a scalar, or an
  /// undefined tensor. Without a call nothing is added.
  void set_penalty(std::function<at::Tensor(GradientOf)> penalty) { penalty_ = std::move(penalty); }

  /// Trains the weights. Returns the pass at the weights before.
  /// \error kInternal if the loss is not a finite number; the weights stay as they were.
  absl::StatusOr<GradientResult> TrainWeights(const Batch& batch, double learning_rate);

  /// Trains the alphas by `alpha_batch`. Returns its pass at the alphas before. `weight_batch` and
  /// `learning_rate` are those of TrainWeights in the same step; only second-order gradients use
  /// them.
  /// \error kInternal if the loss or an alpha is not a finite number.
  absl::StatusOr<GradientResult> TrainAlphas(const Batch& weight_batch, const Batch& alpha_batch,
                                             double learning_rate);

  SuperNet& net() { return *net_; }
  Sgd& weights() { return weights_; }
  Adam& alphas() { return alphas_; }

 private:
  /// Gradients of the loss of the alphas after a step of the weights that isn't taken.
  GradientResult UnrolledGradients(const Batch& weight_batch, const Batch& alpha_batch,
                                   double learning_rate);
  /// The loss that the weights, or the alphas, are trained with, as a request for its own gradient.
  /// stream: of the masks.
  GradientRequest LossOf(GradientOf which, const Batch& batch, MaskStream stream) const;

  const std::shared_ptr<SuperNet> net_;
  const SearchSettings& settings_;
  const uint64_t seed_;
  const int64_t stage_;
  const DataParallel parallel_;
  Sgd weights_;
  Adam alphas_;
  std::function<at::Tensor(GradientOf)> penalty_;
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_SEARCH_STEP_H_
