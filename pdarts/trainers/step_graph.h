#ifndef PDARTS_TRAINERS_STEP_GRAPH_H_
#define PDARTS_TRAINERS_STEP_GRAPH_H_

#include <functional>
#include <memory>
#include <vector>

#include "pdarts/core/experiment.pb.h"
#include "pdarts/device/graphs/graph_recorder.h"

namespace pdarts {

/// A computation of a device that every step repeats. The first times, it is computed one operation
/// at a time. Then it is recorded, and then replayed.
class StepGraph {
 public:
  /// The number of steps that are computed one operation at a time before the recording. In these
  /// steps, libraries allocate memory and choose algorithms.
  static constexpr int kWarmUps = 3;

  /// \param recorder null: every step is computed one operation at a time.
  /// \param mode of the search: whether a failed recording is an error.
  StepGraph(std::shared_ptr<GraphRecorder> recorder, CudaGraphs mode);

  /// Whether steps are recorded.
  bool records() const { return recorder_ != nullptr; }

  /// Does the computation once. `compute` must do the same computation at the same addresses at
  /// each call with the same key, and obey GraphRecorder::Record.
  /// \param key the numbers on which the operations of the step depend. Another key starts again
  ///     with warm-up steps. Throws c10::Error if LibTorch does. If recording fails and the mode is
  ///     AUTO, this step and all later ones are computed one operation at a time.
  void Run(const std::vector<double>& key, const std::function<void()>& compute);

 private:
  std::shared_ptr<GraphRecorder> recorder_;
  const bool must_record_;
  std::vector<double> key_;
  int warm_ups_ = 0;  ///< warm-up steps that are done for the key
  std::unique_ptr<RecordedGraph> graph_;
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_STEP_GRAPH_H_
