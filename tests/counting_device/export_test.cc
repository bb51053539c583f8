// Tests of the export of networks whose weights lie on the counting device: the files are equal to
// those of the same networks on the CPU, and the described graph computes the same logits.

#include <memory>
#include <string>

#include "ATen/core/grad_mode.h"
#include "ATen/ops/rand.h"
#include "gtest/gtest.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/export/graph_network.h"
#include "pdarts/export/inference_graph.h"
#include "pdarts/export/onnx_model.h"
#include "pdarts/export/python_module.h"
#include "pdarts/export/testing.h"

namespace pdarts {
namespace {

ExportedModel ModelOf(const NetworkShape& shape) {
  ExportedModel model;
  model.name = "run";
  model.search_space = "space";
  model.genotype = "genotype";
  model.image = shape.image;
  model.classes = shape.classes;
  model.weights_file = "weights.safetensors";
  model.version = "1.2.3";
  return model;
}

TEST(CountingDeviceExport, FilesAreThoseOfTheCpu) {
  const at::NoGradGuard no_grad;
  for (const TestedNetworks& tested : AllTestedNetworks()) {
    SCOPED_TRACE(tested.space);
    const auto space = Registry<SearchSpace>::CreateDefault(tested.space).value();
    const Architecture architecture =
        RandomArchitecture(*space, MakeGenerator(2, "architectures")).value();
    const auto host = RandomNetwork(*space, architecture, tested.shape, 1);
    NetworkShape shape = tested.shape;
    shape.backend = ResolveBackend(FUSED, FLOAT32, CountingDevice()).value();
    const auto device = RandomNetwork(*space, architecture, shape, 1);
    device->to(CountingDevice());

    const NetworkGraph graph = device->Describe().value();
    const ExportedModel model = ModelOf(tested.shape);
    EXPECT_EQ(EncodeOnnx(graph, model, {}).value(),
              EncodeOnnx(host->Describe().value(), model, {}).value());
    EXPECT_EQ(PythonModule(graph, model), PythonModule(host->Describe().value(), model));

    const ImageShape& image = tested.shape.image;
    const at::Tensor images =
        at::rand({2, image.channels, image.height, image.width}, MakeGenerator(5, "images"));
    Backend reference;
    reference.kernels = REFERENCE;
    const at::Tensor expected =
        MakeGraphNetwork(host->Describe().value(), reference)->Forward(images).logits;
    const double largest = expected.abs().max().item<double>();
    const at::Tensor on_device = images.to(CountingDevice());
    for (const NetworkGraph& described : {graph, InferenceGraph(graph)}) {
      const at::Tensor logits =
          MakeGraphNetwork(described, shape.backend)->Forward(on_device).logits;
      EXPECT_EQ(logits.device(), CountingDevice());
      EXPECT_LT((logits.cpu() - expected).abs().max().item<double>(), 1e-4 * largest);
    }
    const at::Tensor logits = device->Forward(on_device).logits;
    EXPECT_LT((logits.cpu() - expected).abs().max().item<double>(), 1e-4 * largest);
  }
}

}  // namespace
}  // namespace pdarts
