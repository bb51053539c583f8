#include "pdarts/trainers/memory_estimate.h"

#include <algorithm>
#include <memory>

#include "ATen/ops/randn.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
#include "pdarts/core/random.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/tensor_memory.h"
#include "pdarts/trainers/optimizers.h"

namespace pdarts {
namespace {

struct Peaks {
  double step = 0;
  double evaluation = 0;
};

absl::StatusOr<Peaks> Measure(const Experiment& experiment, int stage, const Candidates& candidates,
                              int64_t batch) {
  TensorMemory memory;
  const SuperNetShape shape = experiment.StageNetShape(stage);
  const SearchSettings& settings = experiment.spec.search();
  PDARTS_ASSIGN_OR_RETURN(
      const std::shared_ptr<SuperNet> net,
      experiment.space->BuildSuperNet(candidates, shape, MakeGenerator(0, "estimate")));
  const at::ScalarType dtype = settings.precision() == FLOAT64 ? at::kDouble : at::kFloat;
  net->to(dtype);
  net->set_generator(MakeGenerator(0, "estimate"));
  Sgd weights(net->weights(), settings.weights());
  Adam alphas(net->alphas(), settings.alphas());
  GradientRequest request;
  request.images = at::randn({batch, shape.image.channels, shape.image.height, shape.image.width},
                             MakeGenerator(0, "estimate"), at::TensorOptions(dtype));
  request.labels = at::zeros({batch}, at::kLong);
  Peaks peaks;
  for (GradientOf of : {GradientOf::kAlphas, GradientOf::kWeights}) {
    request.of = of;
    const GradientResult pass = net->Gradients(request);
    ClipNorm(of == GradientOf::kWeights ? pass.weights : pass.alphas, 1);
    if (of == GradientOf::kWeights) {
      weights.Step(pass.weights, 0);
    } else {
      alphas.Step(pass.alphas);
    }
  }
  peaks.step = static_cast<double>(memory.peak());
  c10::NoGradGuard no_grad;
  net->eval();
  memory.ResetPeak();
  net->Forward(request.images);
  peaks.evaluation = static_cast<double>(memory.peak());
  return peaks;
}

}  // namespace

int64_t MemoryEstimate::Bytes(const SearchSettings& settings) const {
  return static_cast<int64_t>(fixed +
                              std::max(per_image * settings.batch_size(),
                                       per_evaluation_image * settings.evaluation_batch_size()));
}

int64_t MemoryEstimate::LargestBatch(int64_t bytes) const {
  if (per_image <= 0) return 0;
  return std::max<int64_t>(0,
                           static_cast<int64_t>((static_cast<double>(bytes) - fixed) / per_image));
}

absl::StatusOr<MemoryEstimate> EstimateStageMemory(const Experiment& experiment, int stage,
                                                   const Candidates& candidates) {
  constexpr int64_t kSmall = 2, kLarge = 6;
  PDARTS_ASSIGN_OR_RETURN(const Peaks small, Measure(experiment, stage, candidates, kSmall));
  PDARTS_ASSIGN_OR_RETURN(const Peaks large, Measure(experiment, stage, candidates, kLarge));
  MemoryEstimate estimate;
  estimate.per_image = (large.step - small.step) / (kLarge - kSmall);
  estimate.per_evaluation_image = (large.evaluation - small.evaluation) / (kLarge - kSmall);
  estimate.fixed = large.step - kLarge * estimate.per_image;
  return estimate;
}

}  // namespace pdarts
