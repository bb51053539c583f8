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

/// Where a search is, given to every hook.
struct SearchContext {
  int stage = 0;  ///< from 0
  int num_stages = 1;
  StageShape shape;
  int epoch = 0;                       ///< from 0, within the stage
  SuperNet* net = nullptr;             ///< candidates(), alphas(), ProbabilityTensor(), SetKnob()
  const SearchSpace* space = nullptr;  ///< that is searched
  /// What the regularisers allow to be derived.
  const DerivationOptions* derivation_options = nullptr;
  at::Generator generator;  ///< the regularisers' own stream
};

/// Shapes a search without the trainer knowing how. Every hook does nothing by default. An object
/// belongs to one search, and its hooks are called one after the other; other searches of the
/// process have their own.
class Regularizer : public Plugin {
 public:
  static constexpr char kKind[] = "regularizer";

  /// Whether it can work with this space and schedule; called before anything is trained.
  /// \error kInvalidArgument naming the setting that doesn't fit.
  virtual absl::Status Check(const SearchSpace& space, const ProgressiveSchedule& schedule) const {
    return absl::OkStatus();
  }

  /// After a stage's super-network is built.
  virtual absl::Status OnStageBegin(const SearchContext& context) { return absl::OkStatus(); }
  /// Before each epoch.
  virtual absl::Status OnEpochBegin(const SearchContext& context) { return absl::OkStatus(); }

  /// Added to the loss that the weights are trained with; a scalar, or undefined for none.
  virtual at::Tensor WeightPenalty(const SearchContext& context) { return {}; }
  /// Added to the loss that the alphas are trained with; a scalar, or undefined for none.
  virtual at::Tensor AlphaPenalty(const SearchContext& context) { return {}; }

  /// The numbers that the host gives to the operations of the two penalties in the current epoch. A
  /// device that repeats a recorded step (search.cuda_graphs) records it anew when they change.
  /// nullopt: the penalties depend on values that the host reads from the alphas or the weights, so
  /// a step that has these penalties can't be recorded.
  virtual std::optional<std::vector<double>> PenaltyConstants() const { return std::nullopt; }

  /// Narrows what may be derived. Depends on the settings alone, so that a finished search can be
  /// derived again.
  virtual void ConstrainDerivation(DerivationOptions* options) const {}

  /// What a checkpoint holds of it: whatever OnStageBegin and OnEpochBegin don't set from stage and
  /// epoch alone, such as counters, running means, and what was drawn or read off the network. A
  /// resumed search calls both hooks for the place where it goes on, then LoadState.
  virtual std::string SaveState() const { return ""; }
  /// \error kDataLoss if `state` isn't what SaveState wrote; it is left as it was then.
  virtual absl::Status LoadState(absl::string_view state) {
    return state.empty() ? absl::OkStatus()
                         : absl::DataLossError("a state is given to what keeps none");
  }

  /// What it does in the current epoch, for the log: ("skip_dropout", 0.4).
  virtual std::vector<std::pair<std::string, double>> Report() const { return {}; }
};

}  // namespace pdarts

#endif  // PDARTS_CORE_REGULARIZER_H_
