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

  /// Counts images whose numbers are still on a device. SetSums brings these numbers.
  void Await(int64_t images) { images_ += images; }
  /// Sets the sums over all images so far, those of earlier Add and AddHits included: of the loss,
  /// and of the images whose label is the best guess and among the five best.
  void SetSums(double loss, double top1, double top5);

  /// Makes the sums those of all processes.
  absl::Status Sum(Communicator& communicator);

  /// All images, those of Await included.
  int64_t images() const { return images_; }
  /// Over the images whose numbers are known. All zero before the first batch.
  Accuracy Mean() const;

  /// What a checkpoint holds.
  MeterState State() const;

 private:
  double loss_ = 0, top1_ = 0, top5_ = 0;  ///< sums over images
  int64_t images_ = 0;
  int64_t known_images_ = 0;  ///< that the sums are of
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_METER_H_
