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

/// The network of a training on a device, with weights drawn from `weights`.
/// \error as SearchSpace::BuildNetwork.
absl::StatusOr<std::shared_ptr<Network>> BuildTrainedNetwork(const Training& training,
                                                             c10::Device device,
                                                             const at::Generator& weights);

/// Trains a network by one batch at a time (docs/algorithm.md, "Training from scratch"). Trainings
/// train with it, the memory estimate measures it, and the benchmark times it.
class NetworkStep {
 public:
  /// What a step computed, at the weights before it. The loss is without the auxiliary head's.
  using Pass = PassScore;

  /// \param network in training mode, on its device.
  /// \param average a network of the same architecture that becomes the moving average of the
  ///     weights and the statistics; null where the settings ask for none.
  /// \param settings must outlive this object.
  /// \param seed what masks depend on, beside the batch's place in the training.
  /// \param communicator as SearchStep.
  NetworkStep(std::shared_ptr<Network> network, std::shared_ptr<Network> average,
              const TrainSettings& settings, uint64_t seed = 0,
              Communicator& communicator = SingleProcess());

  /// Makes the average what the network is now.
  void BeginAverage();

  /// Takes one step of the optimizer, then moves the average. The gradients are those of the mean
  /// loss over the batch, summed over its parts (PartSizes): each part goes through the network by
  /// itself, so that batch normalization knows the part alone, and running statistics move once for
  /// each part. Masks are those of the images' places in the batch. batch: on the network's device;
  /// drop_path: ForwardContext::drop_path.
  /// \error kInternal if the loss is not a finite number; the weights stay as they were. On another
  /// device than the CPU, Read tells it.
  absl::StatusOr<Pass> Train(const Batch& batch, double learning_rate, double drop_path);

  /// Whether steps leave their numbers on the device, for Read, so that they do not wait for it.
  bool is_on_device() const { return totals_.has_value(); }
  /// Brings the sums of the meter up to date. Tells how many steps ago the loss was not a finite
  /// number for the first time since Restart: 0 for the last step. Waits for the device if there
  /// were steps since the last call. On the CPU it does nothing.
  std::optional<int64_t> Read(Meter* meter);
  /// Begins an epoch, or goes on within one: the sums so far are those of the meter. On the CPU it
  /// does nothing.
  void Restart(const Meter& meter);

  Network& network() { return *network_; }
  /// Null where there is none.
  Network* average() { return average_.get(); }
  Sgd& optimizer() { return optimizer_; }
  /// The scale of the loss, which scales only in FLOAT16.
  LossScale& loss_scale() { return loss_scale_; }

 private:
  /// What the parts of a batch give, summed up.
  struct Sums {
    std::vector<at::Tensor> gradients;  ///< one a parameter, of the scaled loss
    at::Tensor loss, total;             ///< scalars; `total`: with the auxiliary head's
    at::Tensor hits;                    ///< as PassScore
    std::vector<at::Tensor> logits;
  };

  /// Adds a part's share of the gradients of the batch's mean loss, and the rest. images, labels:
  /// of this process; share: DataParallel::Share.
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
