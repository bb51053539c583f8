#ifndef PDARTS_DEVICE_GRAPHS_GRAPH_RECORDER_H_
#define PDARTS_DEVICE_GRAPHS_GRAPH_RECORDER_H_

#include <functional>
#include <memory>

#include "c10/core/Device.h"

namespace pdarts {

/// A computation that a device has recorded. The tensors that the computation allocated belong to
/// the recording, and each replay writes them again.
class RecordedGraph {
 public:
  virtual ~RecordedGraph() = default;
  /// Starts the recorded operations, in the order in which they were recorded. They read and write
  /// the addresses of the recording. The call does not wait for the device.
  virtual void Replay() = 0;
};

/// Records the operations of a device, so that the device repeats them without the host. The host
/// then starts one graph instead of thousands of operations. Work before and after a call stays in
/// order. All methods throw c10::Error if LibTorch does.
class GraphRecorder {
 public:
  virtual ~GraphRecorder() = default;

  /// Computes immediately, under the conditions of a later recording. For the steps before a
  /// recording, in which libraries allocate memory and choose algorithms.
  virtual void Run(const std::function<void()>& compute) = 0;

  /// Records `compute`. `compute` must neither wait for the device, nor read memory of the host
  /// that changes, nor change state of the host that a replay would have to change again. Nothing
  /// is computed before the first replay. After an exception, nothing is recorded, and the device
  /// computes as before.
  virtual std::unique_ptr<RecordedGraph> Record(std::function<void()> compute) = 0;
};

/// The recorder of a device; null if the device has none. CUDA devices have one in a build with
/// --config=cuda.
std::unique_ptr<GraphRecorder> MakeGraphRecorder(c10::Device device);

/// For tests: sets the function that makes the recorders of devices other than the CPU and CUDA.
/// With an empty function, which is the default, these devices have no recorder.
void SetGraphRecordersForTesting(std::function<std::unique_ptr<GraphRecorder>()> make);

}  // namespace pdarts

#endif  // PDARTS_DEVICE_GRAPHS_GRAPH_RECORDER_H_
