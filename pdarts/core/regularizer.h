#ifndef PDARTS_CORE_REGULARIZER_H_
#define PDARTS_CORE_REGULARIZER_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/plugin.h"
#include "pdarts/core/schedule.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

class SuperNet;

/// The current place of a search. Every hook gets it.
struct SearchContext {
  int stage = 0;  ///< from 0
  int num_stages = 1;
  StageShape shape;
  int epoch = 0;                       ///< from 0, within the stage
  SuperNet* super_net = nullptr;       ///< candidates(), alphas(), ProbabilityTensor(), SetKnob()
  const SearchSpace* space = nullptr;  ///< of the search
  /// The limits that the regularizers set for the derivation.
  const DerivationOptions* derivation_options = nullptr;
  at::Generator generator;  ///< only for the regularizers
};

/// A regularizer changes a search without any code in the trainer that depends on the regularizer.
/// By default, every hook does nothing. An object belongs to one search, and the search calls its
/// hooks one after the other. Other searches of the process have objects of their own.
class Regularizer : public Plugin {
 public:
  static constexpr char kKind[] = "regularizer";

  /// Whether the regularizer can work with this space and schedule. Called before the training
  /// begins. \error kInvalidArgument naming the setting that does not fit.
  virtual absl::Status Check(const SearchSpace& space, const ProgressiveSchedule& schedule) const {
    return absl::OkStatus();
  }

  /// Called after the super-network of a stage is built.
  virtual absl::Status OnStageBegin(const SearchContext& context) { return absl::OkStatus(); }
  /// Called before each epoch.
  virtual absl::Status OnEpochBegin(const SearchContext& context) { return absl::OkStatus(); }

  /// The penalty that is added to the loss of the weights: a scalar, or undefined for no penalty.
  virtual at::Tensor WeightPenalty(const SearchContext& context) { return {}; }
  /// The penalty that is added to the loss of the alphas: a scalar, or undefined for no penalty.
  virtual at::Tensor AlphaPenalty(const SearchContext& context) { return {}; }

  /// The numbers that the host passes to the operations of the two penalties in the current epoch.
  /// If they change, a device records a new step (search.cuda_graphs). nullopt: the host reads
  /// values of the alphas or the weights to compute the penalties, so a step with these penalties
  /// cannot be recorded.
  virtual std::optional<std::vector<double>> PenaltyConstants() const { return std::nullopt; }

  /// Limits the derivation. It depends only on the settings and the search space, so that the
  /// derivation of a finished search can be repeated. Called after Check.
  /// \error kInvalidArgument naming the setting that does not fit.
  virtual absl::Status ConstrainDerivation(const SearchSpace& space,
                                           DerivationOptions* options) const {
    return absl::OkStatus();
  }

  /// The state of the regularizer for a checkpoint: everything that OnStageBegin and OnEpochBegin
  /// do not set from the stage and the epoch alone, such as counters, running means, and values
  /// that were drawn or read from the network. A resumed search calls both hooks for the stage and
  /// the epoch at which it continues, and then LoadState.
  virtual std::string SaveState() const { return ""; }
  /// \error kDataLoss if SaveState did not write `state`. The regularizer is then unchanged.
  virtual absl::Status LoadState(absl::string_view state) {
    return state.empty()
               ? absl::OkStatus()
               : absl::DataLossError(
                     "the checkpoint holds a state, but this regularizer does not save a state");
  }

  /// The values of the regularizer in the current epoch, for the log: ("skip_dropout", 0.4).
  virtual std::vector<std::pair<std::string, double>> Report() const { return {}; }
};

}  // namespace pdarts

#endif  // PDARTS_CORE_REGULARIZER_H_
