#ifndef PDARTS_TRAINERS_TRAINING_STATE_H_
#define PDARTS_TRAINERS_TRAINING_STATE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/trainers/loss_scale.h"
#include "pdarts/trainers/optimizers.h"

namespace torch::nn {
class Module;
}  // namespace torch::nn

namespace pdarts {

/// The complete state of a trainer between two steps, as data. If a new trainer of the same
/// experiment gets the state of another trainer, it continues with the same numbers bit for bit.
struct TrainingState {
  std::string trainer;   ///< the trainer that can use it: "search", "network"
  std::string place;     ///< for readers: "stage 2, epoch 3, step 17"
  std::string progress;  ///< a serialized LoopProgress
  /// Float32, float64, int64 and uint8, with unique names, on the CPU. In a state that is being
  /// saved, tensors may belong to the trainer instead of being copies. They are valid until the
  /// trainer continues.
  std::map<std::string, at::Tensor> tensors;
};

/// Saves the states of a trainer.
class Checkpointer {
 public:
  virtual ~Checkpointer() = default;
  /// Called after every step: whether a state should be saved now. At the end of an epoch, a state
  /// is always saved.
  virtual bool Due() = 0;
  /// Saves a state. An error stops the training.
  virtual absl::Status Save(const TrainingState& state) = 0;
  /// Called after every step and batch: whether the trainer should save a state and stop with
  /// kCancelled.
  virtual bool StopRequested() { return false; }
};

/// The following functions write one part of a trainer into a state, or read it back. Names of
/// tensors begin with `name`. All Load functions write in place. They return kDataLoss naming a
/// tensor that is missing or has another shape or type. Tensors that were loaded before the error
/// stay loaded.

/// Parameters and buffers, which include the running statistics.
void SaveModule(const torch::nn::Module& module, absl::string_view name, TrainingState* state);
absl::Status LoadModule(const TrainingState& state, absl::string_view name,
                        torch::nn::Module* module);

/// The momentum. The trainer itself must save Sgd::steps().
void SaveOptimizer(const Sgd& sgd, absl::string_view name, TrainingState* state);
absl::Status LoadOptimizer(const TrainingState& state, absl::string_view name, Sgd* sgd);

/// Both means and the steps.
void SaveOptimizer(const Adam& adam, absl::string_view name, TrainingState* state);
absl::Status LoadOptimizer(const TrainingState& state, absl::string_view name, Adam* adam);

/// The scale and its steps. Nothing is written for an object that does not scale.
void SaveLossScale(const LossScale& scale, absl::string_view name, TrainingState* state);
absl::Status LoadLossScale(const TrainingState& state, absl::string_view name, LossScale* scale);

void SaveGenerator(const at::Generator& generator, absl::string_view name, TrainingState* state);
absl::Status LoadGenerator(const TrainingState& state, absl::string_view name,
                           at::Generator* generator);

/// Replaces the tensors on other devices than the CPU by copies on the CPU, with one copy for all
/// tensors of the same device and type, because a device must finish its work before each copy.
void MoveToHost(TrainingState* state);

/// Name of the first floating-point tensor with a value that is not finite; empty if there is none.
std::string FirstNotFinite(const TrainingState& state);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_TRAINING_STATE_H_
