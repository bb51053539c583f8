// Times the step of a training (forward pass with the auxiliary head, backward pass, clipping, SGD)
// with the reference kernels, with the fused kernels, and with the fused kernels and bfloat16.
//
//   bazel run -c opt //benchmarks:train_step

#include <string>

#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "benchmark/benchmark.h"
#include "glog/logging.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/training.h"
#include "pdarts/nn/kernels/memory.h"
#include "pdarts/trainers/network_step.h"

namespace pdarts {
namespace {

void TrainStep(benchmark::State& state, const char* space_name, const char* genotype,
               Kernels kernels, Precision precision) {
  const auto space = Registry<SearchSpace>::CreateDefault(space_name).value();
  NetworkShape shape = space->default_network_shape().value();
  shape.cells = static_cast<int>(state.range(0));
  shape.channels = static_cast<int>(state.range(1));
  shape.auxiliary_head = true;
  shape.backend = ResolveBackend(kernels, precision, c10::kCPU).value();
  const int64_t batch = state.range(2);
  const auto network = space
                           ->BuildNetwork(ParseGenotype(*space, genotype).value(), shape,
                                          MakeGenerator(1, "weights"))
                           .value();
  const double drop_path = static_cast<double>(state.range(3)) / 100;
  const TrainSettings settings;
  NetworkStep trained(network, /*average=*/nullptr, settings);
  const at::Generator data = MakeGenerator(1, "data");
  const Batch images = {at::randn({batch, 3, 32, 32}, data),
                        at::randint(10, {batch}, data, at::kLong)};
  const auto step = [&] { CHECK(trained.Train(images, /*learning_rate=*/0.025, drop_path).ok()); };
  step();
  for (auto _ : state) step();
  state.SetItemsProcessed(state.iterations() * batch);
}

constexpr char kBest201[] =
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2"
    "|";

void RegisterAll() {
  struct Variant {
    const char* name;
    Kernels kernels;
    Precision precision;
  };
  for (const Variant& variant : {Variant{"reference", REFERENCE, FLOAT32},
                                 {"fused", FUSED, FLOAT32},
                                 {"fused_bfloat16", FUSED, BFLOAT16}}) {
    benchmark::RegisterBenchmark((std::string("darts/PDARTS/") + variant.name).c_str(), TrainStep,
                                 "darts", "PDARTS", variant.kernels, variant.precision)
        ->ArgNames({"cells", "channels", "batch", "drop_path_percent"})
        ->Args({8, 8, 64, 0})
        ->Args({8, 8, 64, 10})
        ->Args({8, 16, 32, 20})
        ->Args({20, 36, 16, 20})
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime()
        ->MinTime(2);
    benchmark::RegisterBenchmark((std::string("nasbench201/best/") + variant.name).c_str(),
                                 TrainStep, "nasbench201", kBest201, variant.kernels,
                                 variant.precision)
        ->ArgNames({"cells", "channels", "batch", "drop_path_percent"})
        ->Args({5, 16, 64, 0})
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime()
        ->MinTime(2);
  }
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  pdarts::nn::KeepFreedMemory();  // as in every program that trains
  pdarts::RegisterAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
