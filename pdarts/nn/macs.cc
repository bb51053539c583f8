#include "pdarts/nn/macs.h"

#include <map>

#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/core/network.h"
#include "pdarts/core/tensor_memory.h"
#include "pdarts/nn/layers.h"
#include "torch/csrc/api/include/torch/utils.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::nn {
namespace {

constexpr char kOther[] = "other";

at::Tensor Images(const Network& network, const ImageShape& image, int64_t count) {
  at::TensorOptions options;
  const std::vector<at::Tensor> parameters = network.parameters();
  if (!parameters.empty()) options = parameters.front().options().requires_grad(false);
  return at::zeros({count, image.channels, image.height, image.width}, options);
}

/// The peak of the bytes that a training step with this number of images allocates.
int64_t TrainingPeak(Network& network, const ImageShape& image, int64_t count) {
  TensorMemory memory;
  const NetworkOutput output = network.Forward(Images(network, image, count));
  torch::autograd::grad({output.logits.sum()}, network.parameters(), {}, std::nullopt,
                        /*create_graph=*/false, /*allow_unused=*/true);
  return memory.peak();
}

/// "cells.3.preprocess0.op.1.weight" -> "cells.3". Parameters outside of all cells: "other".
std::string PartOf(const std::string& parameter) {
  const std::vector<std::string> names = absl::StrSplit(parameter, '.');
  return names.size() > 2 && names[0] == "cells" ? absl::StrCat("cells.", names[1]) : kOther;
}

}  // namespace

int64_t CountMacs(Network& network, const ImageShape& image) {
  const KernelUse::Pause pause;
  torch::NoGradGuard no_grad;
  const bool was_training = network.is_training();
  network.eval();
  MacTally tally;
  network.Forward(Images(network, image, 1));
  network.train(was_training);
  return tally.macs();
}

NetworkCosts CountCosts(Network& network, const ImageShape& image) {
  const KernelUse::Pause pause;
  const bool was_training = network.is_training();
  NetworkCosts costs;
  std::map<std::string, int64_t> macs;
  network.eval();
  {
    torch::NoGradGuard no_grad;
    MacTally tally;
    const TensorMemory memory;
    network.Forward(Images(network, image, 1));
    costs.macs = tally.macs();
    costs.evaluation_bytes = memory.peak();
    for (const auto& [name, count] : tally.parts()) macs[name.empty() ? kOther : name] += count;
  }
  network.train();
  constexpr int64_t kFew = 2, kMore = 4;
  costs.training_bytes =
      (TrainingPeak(network, image, kMore) - TrainingPeak(network, image, kFew)) / (kMore - kFew);
  network.train(was_training);

  NetworkCosts::Part other;
  other.name = kOther;
  other.macs = macs[kOther];
  for (const auto& item : network.named_parameters()) {
    const int64_t size = item.value().numel();
    costs.parameters += size;
    const std::string name = PartOf(item.key());
    if (name == kOther) {
      other.parameters += size;
      continue;
    }
    if (costs.parts.empty() || costs.parts.back().name != name) {
      costs.parts.push_back({name, 0, macs[name]});
    }
    costs.parts.back().parameters += size;
  }
  costs.parts.push_back(other);
  return costs;
}

}  // namespace pdarts::nn
