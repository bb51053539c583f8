#ifndef PDARTS_TRAINERS_SEARCH_STEP_H_
#define PDARTS_TRAINERS_SEARCH_STEP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "pdarts/core/device_numbers.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/masks.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/trainers/data_parallel.h"
#include "pdarts/trainers/device_totals.h"
#include "pdarts/trainers/loss_scale.h"
#include "pdarts/trainers/meter.h"
#include "pdarts/trainers/optimizers.h"
#include "pdarts/trainers/step_graph.h"
#include "pdarts/trainers/super_net_gradients.h"

namespace pdarts {

class SuperNet;

/// Trains the weights and the alphas of a super-network, one batch at a time (docs/algorithm.md,
/// "The search step"). Searches use it, the memory estimate measures it, and the command
/// `benchmark` times it.
///
/// On another device than the CPU, a step does not wait for the device. The loss and the hits are
/// summed on the device until Read copies them to the host. If a number is not finite, the weights
/// and alphas do not change any more. The device repeats recorded steps if
/// SearchSettings::cuda_graphs and the device allow it.
class SearchStep {
 public:
  /// The numbers that the penalties pass to their operations, as Regularizer::PenaltyConstants.
  using PenaltyConstants = std::function<std::optional<std::vector<double>>()>;

  /// \param super_net in training mode, on its device, with initialized alphas.
  /// \param settings must outlive this object.
  /// \param seed, stage of the masks, which also depend on the place of the batch in the training.
  /// \param communicator the processes that train the network together, each with its share of the
  ///     batches (Batch::parts). Every step is then collective. It must outlive this object.
  SearchStep(std::shared_ptr<SuperNet> super_net, const SearchSettings& settings, uint64_t seed = 0,
             int64_t stage = 0, Communicator& communicator = SingleProcess());

  /// Sets the penalty that is added to the loss of the weights, or of the alphas: a scalar, or an
  /// undefined tensor. Without a call, there is no penalty. If the constants of a penalty are not
  /// given, a device records no steps.
  void set_penalty(std::function<at::Tensor(GradientOf)> penalty, PenaltyConstants constants = {}) {
    penalty_ = std::move(penalty);
    penalty_constants_ = std::move(constants);
  }

  /// Trains the weights. Returns the pass with the previous weights. On a device, the tensors of a
  /// recorded pass are valid until the next call, and a recorded pass has no gradients.
  /// \error kInternal if the loss is not a finite number; the weights are then unchanged. On a
  /// device, Read reports it instead.
  absl::StatusOr<GradientResult> TrainWeights(const Batch& batch, double learning_rate);

  /// Trains the alphas with `alpha_batch`. Returns its pass with the previous alphas, as
  /// TrainWeights. `weight_batch` and `learning_rate` are those of TrainWeights in the same step;
  /// only unrolled gradients use them.
  /// \error kInternal if the loss or an alpha is not a finite number. On a device, Read reports it
  /// instead.
  absl::StatusOr<GradientResult> TrainAlphas(const Batch& weight_batch, const Batch& alpha_batch,
                                             double learning_rate);

  /// Whether steps leave their numbers on the device until Read.
  bool is_on_device() const { return device_ != nullptr; }

  /// A number in a step on a device that is not finite.
  struct NotFinite {
    std::string what;       ///< "the loss of the weights is not a finite number"
    int64_t steps_ago = 0;  ///< 0: in the last step
  };
  /// Updates the sums of the meters, and returns the first number since Restart that is not finite.
  /// Waits for the device if there were steps since the last call. On the CPU, it does nothing.
  std::optional<NotFinite> Read(Meter* weights, Meter* alphas);
  /// Begins an epoch, or continues one with the sums of the meters. On the CPU, it does nothing.
  void Restart(const Meter& weights, const Meter& alphas);

  /// The number of steps that are computed one operation at a time before a device records one; 0
  /// if it records none.
  int warm_ups() const;

  SuperNet& super_net() { return *super_net_; }
  Sgd& weights() { return weights_; }
  Adam& alphas() { return alphas_; }

  /// The scales of the losses. They have an effect only in FLOAT16.
  LossScale& weight_scale() { return weight_scale_; }
  LossScale& alpha_scale() { return alpha_scale_; }
  /// In FLOAT16, waits for the device. \error as LossScale::Check.
  absl::Status CheckScales() const;

 private:
  /// A pass of a step on a device. It may be recorded.
  struct DevicePass {
    DevicePass(c10::Device device, std::shared_ptr<GraphRecorder> recorder, CudaGraphs mode)
        : numbers(device), graph(std::move(recorder), mode) {}

    DeviceNumbers numbers;
    StepGraph graph;
    at::Tensor images, labels;  ///< input of recorded operations
    GradientResult result;      ///< of recorded operations
  };

  /// The additional members of steps on a device.
  struct OnDevice {
    OnDevice(c10::Device device, const std::shared_ptr<GraphRecorder>& recorder,
             const SearchSettings& settings);

    DeviceTotals totals;
    DevicePass weights, alphas;
    DeviceNumbers unrolled;  ///< of the passes of the weights' loss for UNROLLED
    int64_t unread = 0;      ///< passes since the last Read
  };

  /// Computes gradients, and moves the weights or the alphas with them.
  using Compute = std::function<GradientResult(const GradientRequest&)>;

  /// Computes a pass on the device, or replays its recording.
  GradientResult Run(DevicePass* pass, GradientRequest request, const Compute& compute);
  /// The numbers on which the operations of a pass with so many images depend; no value if the pass
  /// cannot be recorded.
  std::optional<std::vector<double>> KeyOf(const DevicePass& pass, int64_t images) const;

  void MoveWeights(const GradientResult& pass);
  void MoveAlphas(const GradientResult& pass);

  /// Gradients of the loss of the alphas after a virtual step of the weights.
  GradientResult UnrolledGradients(const Batch& weight_batch, const Batch& alpha_batch,
                                   double learning_rate);
  /// The loss with which the weights, or the alphas, are trained, as a request for its gradient.
  /// stream: of the masks.
  GradientRequest LossOf(GradientOf which, const Batch& batch, MaskStream stream);

  const std::shared_ptr<SuperNet> super_net_;
  const SearchSettings& settings_;
  const uint64_t seed_;
  const int64_t stage_;
  const DataParallel parallel_;
  Sgd weights_;
  Adam alphas_;
  LossScale weight_scale_, alpha_scale_;
  std::function<at::Tensor(GradientOf)> penalty_;
  PenaltyConstants penalty_constants_;
  std::unique_ptr<OnDevice> device_;  ///< null on the CPU
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_SEARCH_STEP_H_
