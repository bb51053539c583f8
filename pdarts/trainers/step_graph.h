#ifndef PDARTS_TRAINERS_STEP_GRAPH_H_
#define PDARTS_TRAINERS_STEP_GRAPH_H_

#include <functional>
#include <memory>
#include <string>

#include "pdarts/core/experiment.pb.h"
#include "pdarts/device/graphs/graph_recorder.h"

namespace pdarts {

/// A computation of a device that steps do again and again: a few times operation by operation,
/// then recorded, then replayed.
class StepGraph {
 public:
  /// Steps that are computed operation by operation before the recording. In these steps, libraries
  /// allocate memory and choose algorithms.
  static constexpr int kWarmUps = 3;

  /// \param recorder null: every step is computed operation by operation.
  /// \param mode of the search: whether it is an error if recording fails.
  StepGraph(std::shared_ptr<GraphRecorder> recorder, CudaGraphs mode);

  /// Whether steps are recorded.
  bool records() const { return recorder_ != nullptr; }

  /// Does the computation once. `compute` must compute the same on the same addresses at each call
  /// with the same key, and obey GraphRecorder::Record.
  /// \param key what the operations of the step depend on. Another key begins again with warm-ups.
  /// Throws c10::Error if LibTorch does. If recording fails and the mode is AUTO, the step is
  /// computed operation by operation, as are all later ones.
  void Run(const std::string& key, const std::function<void()>& compute);

 private:
  std::shared_ptr<GraphRecorder> recorder_;
  const bool must_record_;
  std::string key_;
  int warm_ups_ = 0;  ///< done for the key
  std::unique_ptr<RecordedGraph> graph_;
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_STEP_GRAPH_H_
