// Time of a training batch, to set beside a search step's.

#include "pdarts/datasets/augmentation/augmentation.h"

#include "ATen/ops/arange.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/zeros.h"
#include "benchmark/benchmark.h"
#include "pdarts/core/random.h"

namespace pdarts {
namespace {

void TrainingBatch(benchmark::State& state) {
  const int64_t n = state.range(0);
  DatasetInfo info;
  info.mean.assign(3, 0.5);
  info.deviation.assign(3, 0.25);
  ImageSplit split;
  split.images =
      at::empty({50000, 3, 32, 32}, at::kByte).random_(0, 256, MakeGenerator(1, "images"));
  split.labels = at::zeros({50000}, at::kLong);
  AugmentationSettings settings;
  settings.set_cutout(static_cast<int>(state.range(1)));
  at::Generator generator = MakeGenerator(1, "augmentation");
  const at::Tensor indices = at::arange(n, at::kLong).mul(50000 / n);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        MakeTrainingBatch(split, indices, settings, info, at::kFloat, generator));
  }
  state.SetItemsProcessed(state.iterations() * n);
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
