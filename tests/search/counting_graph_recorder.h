#ifndef TESTS_SEARCH_COUNTING_GRAPH_RECORDER_H_
#define TESTS_SEARCH_COUNTING_GRAPH_RECORDER_H_

#include <functional>
#include <memory>
#include <utility>

#include "pdarts/core/testing/counting_device.h"
#include "pdarts/device/graphs/graph_recorder.h"

namespace pdarts {

/// The number of calls of each kind to a CountingGraphRecorder.
struct RecorderCalls {
  int runs = 0;
  int records = 0;
  int replays = 0;
};

/// A recorder of the counting device, by CountingGraph. As on a CUDA device, the host computes the
/// recorded function once, and a wait for the device during the recording throws.
class CountingGraphRecorder : public GraphRecorder {
 public:
  /// calls: must outlive this object and its graphs.
  explicit CountingGraphRecorder(RecorderCalls* calls) : calls_(calls) {}

  void Run(const std::function<void()>& compute) override {
    ++calls_->runs;
    compute();
  }

  std::unique_ptr<RecordedGraph> Record(std::function<void()> compute) override {
    ++calls_->records;
    auto graph = std::make_unique<Graph>(calls_);
    graph->Capture(compute);
    return graph;
  }

 private:
  class Graph : public RecordedGraph {
   public:
    explicit Graph(RecorderCalls* calls) : calls_(calls) {}

    void Capture(const std::function<void()>& compute) {
      graph_.CaptureBegin();
      try {
        compute();
      } catch (...) {
        graph_.Abandon();
        throw;
      }
      graph_.CaptureEnd();
    }

    void Replay() override {
      ++calls_->replays;
      // The counting device computes while it captures; a CUDA device does so at the first replay.
      if (std::exchange(is_computed_, false)) return;
      graph_.Replay();
    }

   private:
    RecorderCalls* const calls_;
    CountingGraph graph_;
    bool is_computed_ = true;
  };

  RecorderCalls* const calls_;
};

/// While it exists, the counting device records graphs.
class WithCountingGraphs {
 public:
  WithCountingGraphs() {
    SetGraphRecordersForTesting(
        [this] { return std::make_unique<CountingGraphRecorder>(&calls_); });
  }
  ~WithCountingGraphs() { SetGraphRecordersForTesting({}); }
  WithCountingGraphs(const WithCountingGraphs&) = delete;
  WithCountingGraphs& operator=(const WithCountingGraphs&) = delete;

  const RecorderCalls& calls() const { return calls_; }

 private:
  RecorderCalls calls_;
};

}  // namespace pdarts

#endif  // TESTS_SEARCH_COUNTING_GRAPH_RECORDER_H_
