#ifndef PDARTS_TRAINERS_METER_H_
#define PDARTS_TRAINERS_METER_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "pdarts/core/communicator.h"
#include "pdarts/trainers/loop_state.pb.h"

namespace pdarts {

/// Top-1 and top-5 accuracy in percent, and mean cross-entropy.
struct Accuracy {
  double top1 = 0;
  double top5 = 0;
  double loss = 0;
};

/// How many of the images have their label as the best guess, and among the five best: `[2]` int64.
/// logits `[N,classes]`; labels `[N]`.
at::Tensor CountHits(const at::Tensor& logits, const at::Tensor& labels);

/// Running means over an epoch.
class Meter {
 public:
  Meter() = default;
  explicit Meter(const MeterState& state);

  /// loss: scalar, mean over the batch; logits `[N,classes]`; labels `[N]`.
  void Add(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels);

  /// The same of a batch whose images were counted elsewhere. hits: `[2]`, as CountHits.
  void AddHits(const at::Tensor& loss, const at::Tensor& hits, int64_t images);

  /// Makes the sums those of all processes.
  absl::Status Sum(Communicator& communicator);

  int64_t images() const { return images_; }
  /// All zero before the first batch.
  Accuracy Mean() const;

  /// What a checkpoint holds.
  MeterState State() const;

 private:
  double loss_ = 0, top1_ = 0, top5_ = 0;  ///< sums over images
  int64_t images_ = 0;
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_METER_H_
