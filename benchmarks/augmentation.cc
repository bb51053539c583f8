// Measures the time of a training batch of images in memory, to compare it with the time of a
// search step.

#include "ATen/ops/arange.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/zeros.h"
#include "benchmark/benchmark.h"
#include "glog/logging.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/random.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"

namespace pdarts {
namespace {

void TrainingBatch(benchmark::State& state) {
  constexpr int64_t kImages = 50000;
  DatasetInfo info;
  info.mean.assign(3, 0.5);
  info.deviation.assign(3, 0.25);
  const at::Tensor images =
      at::empty({kImages, 3, 32, 32}, at::kByte).random_(0, 256, MakeGenerator(1, "images"));
  SearchSettings settings;
  settings.mutable_augmentation()->set_cutout(static_cast<int>(state.range(1)));
  const auto transforms = Transforms::ForSearch(settings, info);
  CHECK(transforms.ok()) << transforms.status();
  LoaderOptions options;
  options.batch_size = state.range(0);
  options.seed = 1;
  options.purpose = "weights";
  auto loader =
      Loader::Create(MakeMemorySource(images, at::zeros({kImages}, at::kLong), "random images"),
                     at::arange(kImages, at::kLong), *transforms, info, at::kFloat, options);
  CHECK(loader.ok()) << loader.status();
  for (auto _ : state) {
    auto batch = (*loader)->Next();
    CHECK(batch.ok()) << batch.status();
    benchmark::DoNotOptimize(batch);
  }
  state.SetItemsProcessed(state.iterations() * options.batch_size);
}
BENCHMARK(TrainingBatch)
    ->ArgNames({"batch", "cutout"})
    ->Args({32, 0})
    ->Args({96, 0})
    ->Args({96, 16})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace pdarts

BENCHMARK_MAIN();
