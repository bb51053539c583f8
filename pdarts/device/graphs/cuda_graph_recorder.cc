// Only builds with --config=cuda compile this file. It has not run on a device yet. The counting
// device tests the recorded computations (tests/search).

#include "pdarts/device/graphs/cuda_graph_recorder.h"

#include <utility>

#include "ATen/core/CachingHostAllocator.h"
#include "ATen/cuda/CUDAGraph.h"
#include "c10/cuda/CUDACachingAllocator.h"
#include "c10/cuda/CUDAEvent.h"
#include "c10/cuda/CUDAGuard.h"
#include "c10/cuda/CUDAStream.h"
#include "c10/util/Exception.h"

namespace pdarts {
namespace {

/// The stream on which graphs are recorded and replayed, because CUDA cannot record the default
/// stream.
class RecordingStream {
 public:
  explicit RecordingStream(c10::Device device)
      : device_(device),
        stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {}

  c10::Device device() const { return device_; }

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

/// The memory of the graphs that hold a reference. LibTorch asserts that a pool that it already
/// knows belongs to a graph. So a pool ends with its last graph, and a later graph gets a new one.
struct MemoryPool {
  const at::MempoolId_t id = at::cuda::graph_pool_handle();
};

class CudaGraph : public RecordedGraph {
 public:
  CudaGraph(std::shared_ptr<RecordingStream> stream, std::shared_ptr<const MemoryPool> pool)
      : stream_(std::move(stream)), pool_(std::move(pool)) {}

  void Capture(const std::function<void()>& compute) {
    // Otherwise, the memory of the previous steps would be kept in addition to the memory of the
    // recording.
    c10::cuda::CUDACachingAllocator::emptyCache();
    const int uses = NumUses();
    stream_->Use([&] {
      try {
        // Other threads may allocate pinned memory during the recording.
        graph_.capture_begin(pool_->id, cudaStreamCaptureModeThreadLocal);
        compute();
        graph_.capture_end();
      } catch (...) {
        Abandon(uses);
        throw;
      }
    });
  }

  void Replay() override {
    stream_->Use([&] { graph_.replay(); });
  }

 private:
  /// Ends a recording that failed, so that the device and LibTorch's allocators are as before.
  /// uses: NumUses before the recording.
  void Abandon(int uses) {
    const at::MempoolId_t pool = pool_->id;
    const c10::DeviceIndex device = stream_->device().index();
    Try([&] { graph_.capture_end(); });
    // If CUDA has stopped the recording, LibTorch 2.11 throws before it does the following, and the
    // next release of cached memory would be an error.
    Try([&] { c10::cuda::CUDACachingAllocator::endAllocateToPool(device, pool); });
    Try([&] { at::getHostAllocator(at::kCUDA)->end_allocate_to_pool(pool); });
    Try([&] { graph_.reset(); });
    // LibTorch returns the memory only of graphs that were recorded.
    Try([&] {
      for (int use = NumUses(); use > uses; --use) {
        c10::cuda::CUDACachingAllocator::releasePool(device, pool);
      }
      c10::cuda::CUDACachingAllocator::emptyCache();
    });
  }

  /// The number of graphs in the pool.
  int NumUses() const {
    int uses = 0;  // LibTorch does not know a pool without graphs
    Try([&] {
      uses = c10::cuda::CUDACachingAllocator::getPoolUseCount(stream_->device().index(), pool_->id);
    });
    return uses;
  }

  /// Part of the cleanup, which may already be done.
  template <class Work>
  static void Try(const Work& work) {
    try {
      work();
    } catch (const c10::Error&) {
    }
  }

  const std::shared_ptr<RecordingStream> stream_;
  const std::shared_ptr<const MemoryPool> pool_;
  at::cuda::CUDAGraph graph_;
};

class CudaGraphRecorder : public GraphRecorder {
 public:
  explicit CudaGraphRecorder(c10::Device device)
      : stream_(std::make_shared<RecordingStream>(device)) {}

  void Run(const std::function<void()>& compute) override { stream_->Use(compute); }

  std::unique_ptr<RecordedGraph> Record(std::function<void()> compute) override {
    // Graphs of the same recorder are replayed one after the other, so they share their memory.
    std::shared_ptr<const MemoryPool> pool = pool_.lock();
    if (pool == nullptr) pool = std::make_shared<const MemoryPool>();
    auto graph = std::make_unique<CudaGraph>(stream_, pool);
    graph->Capture(compute);
    pool_ = pool;
    return graph;
  }

 private:
  const std::shared_ptr<RecordingStream> stream_;
  std::weak_ptr<const MemoryPool> pool_;  ///< of the graphs that exist
};

}  // namespace

std::unique_ptr<GraphRecorder> MakeCudaGraphRecorder(c10::Device device) {
  return std::make_unique<CudaGraphRecorder>(device);
}

}  // namespace pdarts
