#ifndef PDARTS_TRAINERS_OPTIMIZERS_H_
#define PDARTS_TRAINERS_OPTIMIZERS_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/experiment.pb.h"

namespace pdarts {

/// Learning rate at `epoch` of `epochs`: half a cosine from learning_rate down to
/// final_learning_rate. `epoch` has a fraction if the rate changes in every step.
/// docs/algorithm.md, "The search step", has the formulas of this header.
double CosineLearningRate(const SgdSettings& settings, double epoch, int epochs);

/// Scales gradients in place by min(1, max_norm / (norm + 1e-6)), so that their joint 2-norm is at
/// most `max_norm` (0: no limit). Returns the norm before the scaling, as a scalar tensor.
at::Tensor ClipNorm(const std::vector<at::Tensor>& gradients, double max_norm);

/// Replaces each gradient that autograd left undefined by zeros, because the loss does not depend
/// on its parameter. All of these gradients are parts of one tensor, so that a device needs one
/// operation for them.
void FillUndefined(const std::vector<at::Tensor>& parameters, std::vector<at::Tensor>* gradients);

/// SGD with momentum for a list of tensors, in one call of LibTorch's fused optimizer.
///
/// On a device, the learning rate of float32 parameters is a float32 number in the memory of the
/// device, so that a recorded step (a CUDA graph) reads the rate of the current step.
class Sgd {
 public:
  /// Step changes the parameters in place. settings: momentum and weight decay.
  Sgd(std::vector<at::Tensor> parameters, const SgdSettings& settings);
  /// Calls Begin and then Move. gradients: one for each parameter, in order.
  void Step(const std::vector<at::Tensor>& gradients, double learning_rate);
  /// Moves the parameters as Step would, but does not change the optimizer.
  void TryStep(const std::vector<at::Tensor>& gradients, double learning_rate) const;

  /// The host's part of a step: sets the learning rate, and counts the step.
  void Begin(double learning_rate);
  /// The device's part of the step that Begin has begun: moves the parameters and the momentum.
  /// stop: a float32 scalar on the device of the parameters, or undefined. If it is 1, nothing
  /// moves.
  void Move(const std::vector<at::Tensor>& gradients, const at::Tensor& stop = {}) const;

  /// The factor by which a step moves a weight against its gradient: the learning rate, and with
  /// Nesterov momentum the learning rate times (1 + momentum).
  double Reach(double learning_rate) const;

  /// Momentum buffers, one for each parameter. A checkpoint contains them and steps().
  const std::vector<at::Tensor>& momentum() const { return momentum_; }
  int64_t steps() const { return steps_; }
  /// Sets the number of steps. The momentum buffers are restored in place (training_state.h).
  void set_steps(int64_t steps) { steps_ = steps; }

 private:
  /// momentum: the buffers that are moved. rate_on_device: replaces `learning_rate` if it is
  /// defined.
  void Move(const std::vector<at::Tensor>& gradients, const std::vector<at::Tensor>& momentum,
            double learning_rate, const at::Tensor& rate_on_device, bool is_first_step,
            const at::Tensor& stop) const;

  std::vector<at::Tensor> parameters_;
  SgdSettings settings_;
  std::vector<at::Tensor> momentum_;
  double learning_rate_ = 0;
  at::Tensor rate_on_device_;  ///< undefined if the host passes the rate to each step
  int64_t steps_ = 0;          ///< number of begun steps
};

/// Adam with L2 weight decay. epsilon is added after the bias correction.
class Adam {
 public:
  Adam(std::vector<at::Tensor> parameters, const AdamSettings& settings);
  /// stop: as Sgd::Move. A step that does not move the parameters does not count.
  void Step(const std::vector<at::Tensor>& gradients, const at::Tensor& stop = {});

  /// Means of gradients, means of their squares, and numbers of steps, for a checkpoint.
  const std::vector<at::Tensor>& means() const { return means_; }
  const std::vector<at::Tensor>& squares() const { return squares_; }
  const std::vector<at::Tensor>& steps() const { return steps_; }

 private:
  std::vector<at::Tensor> parameters_;
  AdamSettings settings_;
  std::vector<at::Tensor> means_;
  std::vector<at::Tensor> squares_;
  std::vector<at::Tensor> steps_;  ///< float32 scalars, as LibTorch wants them
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_OPTIMIZERS_H_
