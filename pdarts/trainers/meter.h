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

/// The number of images whose label is the most probable class, and the number of images whose
/// label is among the five most probable classes: `[2]` int64. logits: `[N,classes]`; labels:
/// `[N]`.
at::Tensor CountHits(const at::Tensor& logits, const at::Tensor& labels);

/// Means over an epoch.
class Meter {
 public:
  Meter() = default;
  explicit Meter(const MeterState& state);

  /// loss: scalar, mean over the batch; logits `[N,classes]`; labels `[N]`.
  void Add(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels);

  /// As Add, for a batch whose hits were counted elsewhere. hits: `[2]`, as CountHits.
  void AddHits(const at::Tensor& loss, const at::Tensor& hits, int64_t images);

  /// Counts images whose numbers are still on a device. SetSums adds these numbers.
  void Await(int64_t images) { images_ += images; }
  /// Sets the sums over all images so far, including earlier Add and AddHits: the loss, and the
  /// images whose label is the most probable class or among the five most probable classes.
  void SetSums(double loss, double top1, double top5);

  /// Replaces the sums by the sums over all processes.
  absl::Status Sum(Communicator& communicator);

  /// All images, including those of Await.
  int64_t images() const { return images_; }
  /// The means over the images whose numbers are known. All zero before the first batch.
  Accuracy Mean() const;

  /// The state for a checkpoint.
  MeterState State() const;

 private:
  double loss_ = 0, top1_ = 0, top5_ = 0;  ///< sums over images
  int64_t images_ = 0;
  int64_t known_images_ = 0;  ///< number of images in the sums
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_METER_H_
