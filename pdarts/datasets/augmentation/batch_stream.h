#ifndef PDARTS_DATASETS_AUGMENTATION_BATCH_STREAM_H_
#define PDARTS_DATASETS_AUGMENTATION_BATCH_STREAM_H_

#include <cstdint>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pdarts {

/// Indices of the training images that train the weights and the alphas: `[N]` int64 each.
struct TrainingHalves {
  at::Tensor weights;
  at::Tensor alphas;
};

/// Cuts the first `used` of `images` training images (0: all) in two without shuffling: the first
/// `share` of them trains weights, the rest alphas (ALGORITHM 2).
/// \error kInvalidArgument if there aren't that many images or a half would be empty.
absl::StatusOr<TrainingHalves> SplitTrainingImages(int64_t images, int64_t used, double share);

/// Batches of a pass over `images` images, the last and smaller one included.
inline int64_t NumBatches(int64_t images, int64_t batch_size) {
  return (images + batch_size - 1) / batch_size;
}

/// An endless stream of batches of indices. Each pass over the images is in a new random order; the
/// last, smaller batch of a pass is kept.
class BatchStream {
 public:
  /// images: `[N]` int64, N > 0.
  BatchStream(at::Tensor images, int64_t batch_size, at::Generator generator);

  /// Starts a new pass, in a new order.
  void BeginEpoch();
  /// `[batch_size]`, or what is left of the pass. Starts over, reshuffled, when used up.
  at::Tensor Next();

  /// The images that a pass visits, in the order of the constructor.
  const at::Tensor& images() const { return images_; }

  /// What a checkpoint holds: the current order of the images (`[N]` int64; undefined before the
  /// first batch), the position in it, and generator().
  const at::Tensor& order() const { return order_; }
  int64_t position() const { return position_; }
  const at::Generator& generator() const { return generator_; }
  /// Goes on where another stream over the same images was.
  /// \error kInvalidArgument, the stream left as it was, if `order` isn't an order of this stream's
  /// images or `position` isn't in it: a checkpoint that is damaged or of another run.
  absl::Status Restore(const at::Tensor& order, int64_t position, at::Generator generator);

 private:
  const at::Tensor images_;
  const int64_t batch_size_;
  at::Generator generator_;
  at::Tensor order_;
  int64_t position_ = 0;
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_AUGMENTATION_BATCH_STREAM_H_
