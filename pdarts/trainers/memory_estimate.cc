#include "pdarts/trainers/memory_estimate.h"

#include <algorithm>
#include <memory>

#include "ATen/ops/randn.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
#include "pdarts/core/process.h"
#include "pdarts/core/random.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/tensor_memory.h"
#include "pdarts/trainers/optimizers.h"
#include "pdarts/trainers/unrolled.h"

namespace pdarts {
namespace {

/// Most memory of something, seen in two ways.
struct Peak {
  double tensors = 0;   ///< exactly what LibTorch's allocator gave out
  double resident = 0;  ///< of the process: also what libraries take for themselves; 0: unknown
};

struct Peaks {
  Peak step;
  Peak evaluation;
};

/// What the process holds more than it held once.
class ResidentMeter {
 public:
  ResidentMeter() : can_measure_(ResetRecentPeak()), before_(ResidentBytes()) {}
  void ResetPeak() { can_measure_ = ResetRecentPeak() && can_measure_; }
  double peak() const {
    return can_measure_ ? static_cast<double>(RecentPeakResidentBytes() - before_) : 0;
  }

 private:
  bool can_measure_;
  const int64_t before_;
};

absl::StatusOr<Peaks> Measure(const Experiment& experiment, int stage, const Candidates& candidates,
                              int64_t batch) {
  ResidentMeter resident;
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
  BilevelLosses losses;
  losses.of_weights = [&](GradientOf of) {
    request.of = of;
    return net->Gradients(request);
  };
  losses.of_alphas = [&] { return losses.of_weights(GradientOf::kBoth); };
  Peaks peaks;
  for (GradientOf of : {GradientOf::kAlphas, GradientOf::kWeights}) {
    const bool unrolled = of == GradientOf::kAlphas && settings.alpha_gradients() == UNROLLED;
    const GradientResult pass =
        unrolled ? UnrolledAlphaGradients(net->weights(), weights, 0, 0.01, losses)
                 : losses.of_weights(of);
    ClipNorm(of == GradientOf::kWeights ? pass.weights : pass.alphas, 1);
    if (of == GradientOf::kWeights) {
      weights.Step(pass.weights, 0);
    } else {
      alphas.Step(pass.alphas);
    }
  }
  peaks.step = {static_cast<double>(memory.peak()), resident.peak()};
  c10::NoGradGuard no_grad;
  net->eval();
  memory.ResetPeak();
  resident.ResetPeak();
  net->Forward(request.images);
  peaks.evaluation = {static_cast<double>(memory.peak()), resident.peak()};
  return peaks;
}

/// Growth by an image. What is unknown, or lost in the noise of small batches, has no say.
double PerImage(const Peak& small, const Peak& large, int64_t images) {
  return std::max(large.tensors - small.tensors, large.resident - small.resident) /
         static_cast<double>(images);
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
  constexpr int64_t kSmall = 4, kLarge = 12;
  PDARTS_ASSIGN_OR_RETURN(const Peaks small, Measure(experiment, stage, candidates, kSmall));
  PDARTS_ASSIGN_OR_RETURN(const Peaks large, Measure(experiment, stage, candidates, kLarge));
  MemoryEstimate estimate;
  estimate.per_image = PerImage(small.step, large.step, kLarge - kSmall);
  estimate.per_evaluation_image = PerImage(small.evaluation, large.evaluation, kLarge - kSmall);
  // Weights and their like are tensors. What else stays resident once and for all, as code that
  // was never run before, is no matter of this stage.
  estimate.fixed =
      large.step.tensors - kLarge * (large.step.tensors - small.step.tensors) / (kLarge - kSmall);
  return estimate;
}

}  // namespace pdarts
