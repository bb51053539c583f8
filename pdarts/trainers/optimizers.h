#ifndef PDARTS_TRAINERS_OPTIMIZERS_H_
#define PDARTS_TRAINERS_OPTIMIZERS_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/core/experiment.pb.h"

namespace pdarts {

/// Learning rate at `epoch` (fractional where it moves by step) of `epochs`: half a cosine from
/// learning_rate down to final_learning_rate. docs/algorithm.md, "The search step", has the
/// formulas of this header.
double CosineLearningRate(const SgdSettings& settings, double epoch, int epochs);

/// Scales gradients in place so that their joint 2-norm is at most `max_norm` (0: no limit), by
/// min(1, max_norm / (norm + 1e-6)). Returns the norm before, a scalar tensor.
at::Tensor ClipNorm(const std::vector<at::Tensor>& gradients, double max_norm);

/// Makes each gradient that autograd left undefined zeros, as nothing depends on its parameter. All
/// of them lie in one tensor, so that a device makes them by one operation.
void FillUndefined(const std::vector<at::Tensor>& parameters, std::vector<at::Tensor>* gradients);

/// SGD with momentum over a list of tensors, in one call of LibTorch's fused optimiser.
///
/// On a device, the learning rate of float32 parameters lies in the memory of the device, as a
/// float32 number, so that a step that the device repeats (a CUDA graph) reads the rate of the
/// step.
class Sgd {
 public:
  /// The parameters are changed in place by Step; settings gives momentum and weight decay.
  Sgd(std::vector<at::Tensor> parameters, const SgdSettings& settings);
  /// Begin, then Move. gradients: one a parameter, in order.
  void Step(const std::vector<at::Tensor>& gradients, double learning_rate);
  /// Moves the parameters as Step would, but not the optimiser.
  void TryStep(const std::vector<at::Tensor>& gradients, double learning_rate) const;

  /// What the host does for a step: it sets the learning rate, and counts the step.
  void Begin(double learning_rate);
  /// What the device does for the step that was begun last: the parameters and the momentum move.
  /// stop: a float32 scalar on the parameters' device, or undefined. If it is 1, nothing moves.
  void Move(const std::vector<at::Tensor>& gradients, const at::Tensor& stop = {}) const;

  /// How far a step moves a weight against its gradient: the learning rate, and with Nesterov's
  /// momentum that much more.
  double Reach(double learning_rate) const;

  /// Momentum buffers, one a parameter; what a checkpoint holds, with steps().
  const std::vector<at::Tensor>& momentum() const { return momentum_; }
  int64_t steps() const { return steps_; }
  /// The momentum buffers are restored in place (training_state.h).
  void set_steps(int64_t steps) { steps_ = steps; }

 private:
  /// momentum: the buffers that move. rate_on_device: instead of `learning_rate`, if it is defined.
  void Move(const std::vector<at::Tensor>& gradients, const std::vector<at::Tensor>& momentum,
            double learning_rate, const at::Tensor& rate_on_device, bool is_first_step,
            const at::Tensor& stop) const;

  std::vector<at::Tensor> parameters_;
  SgdSettings settings_;
  std::vector<at::Tensor> momentum_;
  double learning_rate_ = 0;
  at::Tensor rate_on_device_;  ///< undefined where the host gives the rate to each step
  int64_t steps_ = 0;          ///< that were begun
};

/// Adam with L2 weight decay; epsilon is added after the bias correction.
class Adam {
 public:
  Adam(std::vector<at::Tensor> parameters, const AdamSettings& settings);
  /// stop: as Sgd::Move. A step that does not move the parameters does not count.
  void Step(const std::vector<at::Tensor>& gradients, const at::Tensor& stop = {});

  /// Running means of gradients, of their squares, and steps taken: what a checkpoint holds.
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
