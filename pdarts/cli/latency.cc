#include "pdarts/cli/latency.h"

#include <chrono>
#include <vector>

#include "ATen/ops/quantile.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/tensor.h"
#include "c10/core/GradMode.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/random.h"
#include "pdarts/export/graph_network.h"
#include "pdarts/export/inference_graph.h"

namespace pdarts {
namespace {

constexpr int kUntimed = 3;

}  // namespace

Latency MeasureLatency(Network& network, const ImageShape& image, int batch, int runs) {
  c10::NoGradGuard no_grad;
  network.eval();
  const at::Tensor images =
      at::randn({batch, image.channels, image.height, image.width}, MakeGenerator(1, "benchmark"));
  std::vector<double> times;
  for (int run = 0; run < kUntimed + runs; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    network.Forward(images);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    if (run >= kUntimed) times.push_back(took.count());
  }
  const at::Tensor measured = at::tensor(times, at::kDouble);
  const auto quantile = [&](double share) { return at::quantile(measured, share).item<double>(); };
  return {quantile(0.5), quantile(0.1), quantile(0.9)};
}

absl::StatusOr<std::shared_ptr<Network>> FoldNetwork(const Network& network,
                                                     const Backend& backend) {
  PDARTS_ASSIGN_OR_RETURN(const NetworkGraph graph, network.Describe());
  c10::NoGradGuard no_grad;
  return MakeGraphNetwork(InferenceGraph(graph), backend);
}

}  // namespace pdarts
