#include "pdarts/export/testing.h"

#include "ATen/core/grad_mode.h"
#include "absl/strings/match.h"
#include "pdarts/core/random.h"

namespace pdarts {

std::vector<TestedNetworks> AllTestedNetworks() {
  TestedNetworks cifar;
  cifar.space = "darts";
  cifar.shape.cells = 4;
  cifar.shape.channels = 4;
  TestedNetworks imagenet = cifar;
  imagenet.shape.skeleton = "imagenet";
  imagenet.shape.image = {3, 224, 224};
  TestedNetworks nasbench201 = cifar;
  nasbench201.space = "nasbench201";
  nasbench201.shape.cells = 1;
  return {cifar, imagenet, nasbench201};
}

std::shared_ptr<Network> RandomNetwork(const SearchSpace& space, const Architecture& architecture,
                                       const NetworkShape& shape, int seed) {
  at::Generator generator = MakeGenerator(seed, "test");
  std::shared_ptr<Network> network = space.BuildNetwork(architecture, shape, generator).value();
  const at::NoGradGuard no_grad;
  for (const auto& parameter : network->named_parameters()) {
    if (parameter.value().dim() == 1) at::Tensor(parameter.value()).uniform_(0.5, 1.5, generator);
  }
  for (const auto& buffer : network->named_buffers()) {
    if (absl::EndsWith(buffer.key(), "running_var")) {
      at::Tensor(buffer.value()).uniform_(0.05, 2, generator);
    } else {
      at::Tensor(buffer.value()).normal_(0, 0.3, generator);
    }
  }
  network->eval();
  return network;
}

}  // namespace pdarts
