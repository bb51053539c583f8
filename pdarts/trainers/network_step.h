#ifndef PDARTS_TRAINERS_NETWORK_STEP_H_
#define PDARTS_TRAINERS_NETWORK_STEP_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "pdarts/core/device_numbers.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/training.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/trainers/data_parallel.h"
#include "pdarts/trainers/device_totals.h"
#include "pdarts/trainers/loss_scale.h"
#include "pdarts/trainers/meter.h"
#include "pdarts/trainers/optimizers.h"

namespace pdarts {

class Network;

/// The network of a training on a device, with weights that are drawn from `weights`. \error as
/// SearchSpace::BuildNetwork.
absl::StatusOr<std::shared_ptr<Network>> BuildTrainedNetwork(const Training& training,
                                                             c10::Device device,
                                                             const at::Generator& weights);

/// Trains a network, one batch at a time (docs/algorithm.md, "Training from scratch"). Trainings
/// use it, the memory estimate measures it, and the command `benchmark` times it.
class NetworkStep {
 public:
  /// The result of a step, from the weights before the step. The loss does not contain the loss of
  /// the auxiliary head.
  using Pass = PassScore;

  /// \param network in training mode, on its device.
  /// \param average a network of the same architecture that becomes the moving average of the
  ///     weights and the running statistics; null if the settings ask for none.
  /// \param settings must outlive this object.
  /// \param seed of the masks, which also depend on the place of the batch in the training.
  /// \param communicator as in SearchStep.
  NetworkStep(std::shared_ptr<Network> network, std::shared_ptr<Network> average,
              const TrainSettings& settings, uint64_t seed = 0,
              Communicator& communicator = SingleProcess());

  /// Sets the average to the current network.
  void BeginAverage();

  /// Takes one step of the optimizer, and then moves the average. The gradients are those of the
  /// mean loss over the batch, summed over its parts (PartSizes). Each part goes through the
  /// network separately, so batch normalization uses only the part, and running statistics move
  /// once for each part. Masks depend on the places of the images in the batch. batch: on the
  /// network's device. drop_path: ForwardContext::drop_path.
  /// \error kInternal if the loss is not a finite number; the weights are then unchanged. On
  /// another device than the CPU, Read reports it instead.
  absl::StatusOr<Pass> Train(const Batch& batch, double learning_rate, double drop_path);

  /// Whether steps leave their numbers on the device until Read, so that steps do not wait for the
  /// device.
  bool is_on_device() const { return totals_.has_value(); }
  /// Updates the sums of the meter. Returns how many steps ago the loss was not finite for the
  /// first time since Restart; 0 is the last step. Waits for the device if there were steps since
  /// the last call. On the CPU, it does nothing.
  std::optional<int64_t> Read(Meter* meter);
  /// Begins an epoch, or continues one with the sums of the meter. On the CPU, it does nothing.
  void Restart(const Meter& meter);

  Network& network() { return *network_; }
  /// Null if there is no average.
  Network* average() { return average_.get(); }
  Sgd& optimizer() { return optimizer_; }
  /// The scale of the loss, which scales only in FLOAT16.
  LossScale& loss_scale() { return loss_scale_; }

 private:
  /// The sums of the results of the parts of a batch.
  struct Sums {
    std::vector<at::Tensor> gradients;  ///< one for each parameter, of the scaled loss
    at::Tensor loss, total;             ///< scalars; `total`: with the loss of the auxiliary head
    at::Tensor hits;                    ///< as PassScore
    std::vector<at::Tensor> logits;
  };

  /// Adds a part's share of the gradients of the mean loss of the batch, and of the other results.
  /// images, labels: of this process. share: DataParallel::Share.
  void AddPart(const at::Tensor& images, const at::Tensor& labels, const BatchPart& part,
               double share, const ForwardContext& context, Sums* sums);

  const std::shared_ptr<Network> network_;
  const std::shared_ptr<Network> average_;
  const TrainSettings& settings_;
  const uint64_t seed_;
  const DataParallel parallel_;
  Sgd optimizer_;
  LossScale loss_scale_;
  DeviceNumbers numbers_;
  std::optional<DeviceTotals> totals_;  ///< only on another device than the CPU
  int64_t unread_ = 0;                  ///< steps since the last Read
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_NETWORK_STEP_H_
