#ifndef PDARTS_CORE_SCHEDULE_H_
#define PDARTS_CORE_SCHEDULE_H_

#include "absl/status/statusor.h"
#include "pdarts/core/plugin.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// One stage of a progressive search.
struct StageShape {
  int cells = 0;
  int channels = 0;
  int epochs = 0;
  int warmup_epochs = 0;  ///< first epochs, which train only the weights
  int keep = 0;           ///< candidates that an edge keeps after the stage
};

/// How a search proceeds: deeper networks with fewer candidates (docs/algorithm.md, "Stages and
/// pruning"). DARTS is the schedule with one stage.
class ProgressiveSchedule : public Plugin {
 public:
  static constexpr char kKind[] = "schedule";

  virtual int num_stages() const = 0;
  /// stage: in [0, num_stages()).
  StageShape stage(int stage) const;

  /// Whether a search can start with these candidates.
  /// \error kInvalidArgument naming the stage, if the stage keeps more candidates than there are or
  /// than the previous stage left, if it keeps less than one, or if its sizes or epochs are not
  /// valid; as CheckCandidates if `initial` does not fit the topology.
  absl::Status Check(const Topology& topology, const Candidates& initial) const;

  /// The candidates after `stage`: for each edge, as many candidates as the stage keeps, in their
  /// order. They are the most probable ones, unless the schedule chooses others.
  /// \error kInvalidArgument if the arguments do not fit each other; kInternal naming the schedule
  /// if the plugin returns anything else.
  absl::StatusOr<Candidates> Prune(int stage, const Candidates& candidates,
                                   const EdgeProbabilities& probabilities) const;

 private:
  virtual StageShape DoStage(int stage) const = 0;
  virtual absl::StatusOr<Candidates> DoPrune(int stage, const Candidates& candidates,
                                             const EdgeProbabilities& probabilities) const;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_SCHEDULE_H_
