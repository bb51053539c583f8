#ifndef PDARTS_DEVICE_GRAPHS_GRAPH_RECORDER_H_
#define PDARTS_DEVICE_GRAPHS_GRAPH_RECORDER_H_

#include <functional>
#include <memory>

#include "c10/core/Device.h"

namespace pdarts {

/// A computation that a device has recorded. The tensors that the computation made belong to the
/// recording: each replay writes them again.
class RecordedGraph {
 public:
  virtual ~RecordedGraph() = default;
  /// Starts the recorded operations, in the order in which they were recorded. They read and write
  /// the addresses of the recording. The call does not wait for the device.
  virtual void Replay() = 0;
};

/// Records what a device computes, so that the device repeats it without the host, which then
/// starts one graph instead of thousands of operations. Work before and after a call stays in
/// order. All methods throw c10::Error if LibTorch does.
class GraphRecorder {
 public:
  virtual ~GraphRecorder() = default;

  /// Computes now, as a later recording will: for the steps before a recording, in which libraries
  /// allocate memory and choose algorithms.
  virtual void Run(const std::function<void()>& compute) = 0;

  /// Records `compute`, which must neither wait for the device, nor read memory of the host that
  /// changes, nor change the state of the host in a way that a replay would have to repeat. Nothing
  /// is computed: the first replay does so. After an exception nothing is recorded, and the device
  /// computes as before.
  virtual std::unique_ptr<RecordedGraph> Record(std::function<void()> compute) = 0;
};

/// The recorder of a device; null if the device has none. CUDA devices have one in a build with
/// --config=cuda.
std::unique_ptr<GraphRecorder> MakeGraphRecorder(c10::Device device);

/// For tests: makes the recorders of devices that are neither the CPU nor CUDA. An empty function:
/// these have none, as at the beginning.
void SetGraphRecordersForTesting(std::function<std::unique_ptr<GraphRecorder>()> make);

}  // namespace pdarts

#endif  // PDARTS_DEVICE_GRAPHS_GRAPH_RECORDER_H_
