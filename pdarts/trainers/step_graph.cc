#include "pdarts/trainers/step_graph.h"

#include <utility>

#include "c10/util/Exception.h"
#include "glog/logging.h"

namespace pdarts {

StepGraph::StepGraph(std::shared_ptr<GraphRecorder> recorder, CudaGraphs mode)
    : recorder_(mode == OFF ? nullptr : std::move(recorder)), must_record_(mode == ON) {}

void StepGraph::Run(const std::vector<double>& key, const std::function<void()>& compute) {
  if (!records()) {
    compute();
    return;
  }
  if (key != key_) {
    graph_.reset();
    warm_ups_ = 0;
    key_ = key;
  }
  if (graph_ == nullptr) {
    if (warm_ups_ < kWarmUps) {
      ++warm_ups_;
      recorder_->Run(compute);
      return;
    }
    try {
      graph_ = recorder_->Record(compute);
    } catch (const c10::Error& error) {
      if (must_record_) throw;
      LOG(WARNING) << "search steps are not recorded as a graph, and computed one operation at a "
                      "time: "
                   << error.what_without_backtrace();
      recorder_.reset();
      compute();
      return;
    }
  }
  graph_->Replay();
}

}  // namespace pdarts
