// Computes the values with which export_test.py compares.
//
// usage: network_probe --output=FILE FLAGS
//     writes random weights of the network that the flags describe, as for `pdarts count`
// usage: network_probe --output=FILE --images=FILE FLAGS
//     writes the logits of a trained network, which the flags describe as for `pdarts evaluate`,
//     for each tensor `[N,C,H,W]` of --images, whose pixels are in [0, 1]
// All files are safetensors files.

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/grad_mode.h"
#include "ATen/ops/tensor.h"
#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/cli/trained_network_flags.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/network.h"
#include "pdarts/export/testing.h"
#include "pdarts/weights/weights.h"

ABSL_FLAG(std::string, images, "", "FILE: images to classify");
ABSL_FLAG(int, weights_seed, 1, "NUMBER: seed of random weights");

namespace pdarts {
namespace {

absl::Status WriteRandomWeights(const std::string& output) {
  PDARTS_ASSIGN_OR_RETURN(const FlagNetwork given, NetworkFromFlags());
  const std::shared_ptr<Network> network = RandomNetwork(
      *given.space, given.architecture, given.shape, absl::GetFlag(FLAGS_weights_seed));
  return WriteWeights(output, ModuleState(*network));
}

absl::Status WriteLogits(const std::string& images_file, const std::string& output) {
  PDARTS_ASSIGN_OR_RETURN(const TrainedWeights weights, TrainedWeightsFromFlags("network_probe"));
  PDARTS_ASSIGN_OR_RETURN(const TrainedNetwork trained, TrainedNetworkFromFlags(weights));
  PDARTS_ASSIGN_OR_RETURN(const DatasetInfo info, TrainedInfo(weights, *trained.training.dataset,
                                                              SessionOptionsFromFlags()));
  PDARTS_ASSIGN_OR_RETURN(const WeightsFile images, ReadWeightsFile(images_file));
  trained.network->eval();
  const auto of_channels = [](const std::vector<double>& values) {
    return at::tensor(values, at::kDouble).to(at::kFloat).view({1, -1, 1, 1});
  };
  NamedTensors logits;
  for (const auto& [name, pixels] : images.tensors) {
    const at::Tensor normalized = (pixels - of_channels(info.mean)) / of_channels(info.deviation);
    logits.emplace_back(name, trained.network->Forward(normalized).logits.to(at::kFloat));
  }
  return WriteWeights(output, logits);
}

absl::Status Probe() {
  const std::string output = absl::GetFlag(FLAGS_output);
  const std::string images = absl::GetFlag(FLAGS_images);
  const at::NoGradGuard no_grad;
  return CatchLibTorchErrors([&]() -> absl::Status {
    return images.empty() ? WriteRandomWeights(output) : WriteLogits(images, output);
  });
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = pdarts::Probe();
  if (!status.ok()) std::cerr << "network_probe: " << status << "\n";
  return status.ok() ? 0 : 1;
}
