#include "pdarts/device/graphs/graph_recorder.h"

#include <utility>

#include "pdarts/device/graphs/cuda_graph_recorder.h"

namespace pdarts {
namespace {

std::function<std::unique_ptr<GraphRecorder>()>& ForTesting() {
  static auto* const make = new std::function<std::unique_ptr<GraphRecorder>()>();
  return *make;
}

}  // namespace

std::unique_ptr<GraphRecorder> MakeGraphRecorder(c10::Device device) {
  if (device.is_cpu()) return nullptr;
  if (device.is_cuda()) return MakeCudaGraphRecorder(device);
  return ForTesting() ? ForTesting()() : nullptr;
}

void SetGraphRecordersForTesting(std::function<std::unique_ptr<GraphRecorder>()> make) {
  ForTesting() = std::move(make);
}

}  // namespace pdarts
