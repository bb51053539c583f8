// Only builds with --config=cuda compile this file. It has not run on a device yet. The counting
// device tests the recorded computations (tests/search).

#include "pdarts/device/graphs/cuda_graph_recorder.h"

#include <utility>

#include "ATen/cuda/CUDAGraph.h"
#include "c10/cuda/CUDACachingAllocator.h"
#include "c10/cuda/CUDAEvent.h"
#include "c10/cuda/CUDAGuard.h"
#include "c10/cuda/CUDAStream.h"

namespace pdarts {
namespace {

/// The stream on which graphs are recorded and replayed, because CUDA cannot record the default
/// stream.
class RecordingStream {
 public:
  explicit RecordingStream(c10::Device device)
      : device_(device),
        stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {}

  /// Calls `work` with this stream as the current one. The order with the work of the previous
  /// stream is kept: that work ends before `work`, or begins after it.
  template <class Work>
  void Use(const Work& work) {
    const c10::cuda::CUDAGuard device(device_);
    const c10::cuda::CUDAStream outer = c10::cuda::getCurrentCUDAStream(device_.index());
    before_.record(outer);
    before_.block(stream_);
    {
      const c10::cuda::CUDAStreamGuard guard(stream_);
      work();
    }
    after_.record(stream_);
    after_.block(outer);
  }

 private:
  const c10::Device device_;
  const c10::cuda::CUDAStream stream_;
  c10::cuda::CUDAEvent before_, after_;
};

class CudaGraph : public RecordedGraph {
 public:
  explicit CudaGraph(std::shared_ptr<RecordingStream> stream) : stream_(std::move(stream)) {}

  void Capture(const std::function<void()>& compute, at::MempoolId_t pool) {
    // Otherwise, the memory of the previous steps would be kept in addition to the memory of the
    // recording.
    c10::cuda::CUDACachingAllocator::emptyCache();
    stream_->Use([&] {
      // Other threads may allocate pinned memory during the recording.
      graph_.capture_begin(pool, cudaStreamCaptureModeThreadLocal);
      try {
        compute();
      } catch (...) {
        try {
          graph_.capture_end();
        } catch (...) {  // the call reports the same error again
        }
        throw;
      }
      graph_.capture_end();
    });
  }

  void Replay() override {
    stream_->Use([&] { graph_.replay(); });
  }

 private:
  const std::shared_ptr<RecordingStream> stream_;
  at::cuda::CUDAGraph graph_;
};

class CudaGraphRecorder : public GraphRecorder {
 public:
  explicit CudaGraphRecorder(c10::Device device)
      : stream_(std::make_shared<RecordingStream>(device)),
        // Graphs of the same recorder are replayed one after the other, so they share their memory.
        pool_(at::cuda::graph_pool_handle()) {}

  void Run(const std::function<void()>& compute) override { stream_->Use(compute); }

  std::unique_ptr<RecordedGraph> Record(std::function<void()> compute) override {
    auto graph = std::make_unique<CudaGraph>(stream_);
    graph->Capture(compute, pool_);
    return graph;
  }

 private:
  const std::shared_ptr<RecordingStream> stream_;
  const at::MempoolId_t pool_;
};

}  // namespace

std::unique_ptr<GraphRecorder> MakeCudaGraphRecorder(c10::Device device) {
  return std::make_unique<CudaGraphRecorder>(device);
}

}  // namespace pdarts
