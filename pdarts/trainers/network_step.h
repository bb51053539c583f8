#ifndef PDARTS_TRAINERS_NETWORK_STEP_H_
#define PDARTS_TRAINERS_NETWORK_STEP_H_

#include <cstdint>
#include <memory>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "pdarts/core/training.h"
#include "pdarts/datasets/augmentation/augmentation.h"
#include "pdarts/trainers/optimizers.h"

namespace pdarts {

class Network;

/// The network of a training on a device, with weights drawn from `weights`.
/// \error as SearchSpace::BuildNetwork.
absl::StatusOr<std::shared_ptr<Network>> BuildTrainedNetwork(const Training& training,
                                                             c10::Device device,
                                                             const at::Generator& weights);

/// Trains a network by one batch at a time (ALGORITHM 4). Trainings train with it, the memory
/// estimate measures it, and the benchmark times it.
class NetworkStep {
 public:
  /// What a pass of training computed, at the weights before the step.
  struct Pass {
    at::Tensor loss;    ///< without the auxiliary head's, scalar, detached
    at::Tensor logits;  ///< `[N,classes]`, detached
  };

  /// \param network in training mode, on its device.
  /// \param average a network of the same architecture that becomes the moving average of the
  ///     weights and the statistics; null where the settings ask for none.
  /// \param settings must outlive this object.
  /// \param seed what masks depend on, beside the batch's place in the training.
  NetworkStep(std::shared_ptr<Network> network, std::shared_ptr<Network> average,
              const TrainSettings& settings, uint64_t seed = 0);

  /// Makes the average what the network is now.
  void BeginAverage();

  /// Trains the network, then moves the average. batch: on the network's device; drop_path:
  /// ForwardContext::drop_path.
  /// \error kInternal if the loss is not a finite number; nothing is changed then.
  absl::StatusOr<Pass> Train(const Batch& batch, double learning_rate, double drop_path);

  Network& network() { return *network_; }
  /// Null where there is none.
  Network* average() { return average_.get(); }
  Sgd& optimizer() { return optimizer_; }

 private:
  const std::shared_ptr<Network> network_;
  const std::shared_ptr<Network> average_;
  const TrainSettings& settings_;
  const uint64_t seed_;
  Sgd optimizer_;
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_NETWORK_STEP_H_
