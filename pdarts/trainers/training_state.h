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

/// Everything that a trainer is between two steps, as data. What is saved by one trainer and
/// restored into a new one of the same experiment goes on bit for bit.
struct TrainingState {
  std::string trainer;   ///< who made it and can go on with it: "search", "network"
  std::string place;     ///< for a reader: "stage 2, epoch 3, step 17"
  std::string progress;  ///< a serialized LoopProgress
  /// Float32, float64, int64 and uint8, by unique names, on the CPU. Those of a state that is being
  /// saved may be the trainer's own, not copies: they hold until it goes on.
  std::map<std::string, at::Tensor> tensors;
};

/// Where a trainer's states go.
class Checkpointer {
 public:
  virtual ~Checkpointer() = default;
  /// Asked after every step: whether a state should be saved now. At an epoch's end one is always.
  virtual bool Due() = 0;
  /// Keeps a state. An error stops the training.
  virtual absl::Status Save(const TrainingState& state) = 0;
  /// Asked after every step and batch: whether to save a state and stop, with kCancelled.
  virtual bool StopRequested() { return false; }
};

/// The members below put one part of a trainer into a state, or back. Names of tensors begin with
/// `name`. All loaders write in place and return kDataLoss naming the tensor that is missing or of
/// another shape or type; what was loaded before it stays loaded then.

/// Parameters and buffers: running statistics are among them.
void SaveModule(const torch::nn::Module& module, absl::string_view name, TrainingState* state);
absl::Status LoadModule(const TrainingState& state, absl::string_view name,
                        torch::nn::Module* module);

/// The momentum; Sgd::steps() is the trainer's to keep.
void SaveOptimizer(const Sgd& sgd, absl::string_view name, TrainingState* state);
absl::Status LoadOptimizer(const TrainingState& state, absl::string_view name, Sgd* sgd);

/// Both running means and the steps.
void SaveOptimizer(const Adam& adam, absl::string_view name, TrainingState* state);
absl::Status LoadOptimizer(const TrainingState& state, absl::string_view name, Adam* adam);

/// The scale and its steps; nothing of a scale that scales nothing.
void SaveLossScale(const LossScale& scale, absl::string_view name, TrainingState* state);
absl::Status LoadLossScale(const TrainingState& state, absl::string_view name, LossScale* scale);

void SaveGenerator(const at::Generator& generator, absl::string_view name, TrainingState* state);
absl::Status LoadGenerator(const TrainingState& state, absl::string_view name,
                           at::Generator* generator);

/// Replaces the tensors that lie on other devices than the CPU by copies on the CPU, with one copy
/// for all tensors of one device and type: a device would have to finish its work for each copy.
void MoveToHost(TrainingState* state);

/// Name of the first floating-point tensor that holds a value which isn't finite; empty if none.
std::string FirstNotFinite(const TrainingState& state);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_TRAINING_STATE_H_
