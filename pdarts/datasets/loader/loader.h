#ifndef PDARTS_DATASETS_LOADER_LOADER_H_
#define PDARTS_DATASETS_LOADER_LOADER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "c10/core/ScalarType.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/datasets/transforms/transforms.h"

namespace pdarts {

/// What a network is given.
struct Batch {
  at::Tensor images;   ///< `[N,C,H,W]`, normalized
  at::Tensor labels;   ///< `[N]` int64
  at::Tensor indices;  ///< `[N]` int64 on the CPU: the images' indices in their source
  /// Where the images stand in the training: the epoch (or the stage's epoch), from 0, and the
  /// position of the first image in the epoch's order, which the others follow. What a network
  /// draws for an image depends on both.
  int64_t epoch = 0;
  int64_t first_image = 0;
};

/// Images of a batch as a viewer shows them: 8-bit values, with the normalization undone.
struct BatchPixels {
  at::Tensor pixels;   ///< `[N,C,H,W]` uint8 on the CPU
  at::Tensor indices;  ///< as Batch::indices
};

/// Batches of a pass over `images` images, the last and smaller one included.
inline int64_t NumBatches(int64_t images, int64_t batch_size) {
  return (images + batch_size - 1) / batch_size;
}

struct LoaderOptions {
  int64_t batch_size = 1;
  /// What the order and all random numbers depend on, beside the epoch and the sample.
  uint64_t seed = 0;
  int64_t stage = 0;
  std::string purpose;  ///< "weights", "alphas", "train", "evaluation"
  /// Each epoch has an order of its own; else the indices' order.
  bool shuffle = true;
  /// No batch is made ahead for the next epoch, for a loader whose batches are taken for one epoch.
  bool one_epoch = false;
  /// The rest is for sources that do not lie in memory; as LoadingSettings.
  int workers = 0;
  int64_t prefetch_bytes = 0;
  bool skip_unreadable = false;
};

/// Sets the options that a spec's settings name.
void SetLoading(const LoadingSettings& settings, LoaderOptions* options);

/// Batches of transformed images, epoch after epoch. What Next returns depends on the options'
/// seed, stage, purpose, batch size and order and on the counter of batches alone: not on workers,
/// memory, or what was loaded before. The last and smaller batch of an epoch is kept. One thread
/// uses a loader. A source in memory is transformed in this thread, when a batch is asked for;
/// other sources by worker threads, ahead of time.
class Loader {
 public:
  /// \param indices `[N]` int64 on the CPU, N > 0: the images of the source that are loaded.
  /// \param info DatasetSplits::info.
  /// \param dtype of the images: float32 or float64.
  /// \error kInvalidArgument if there are no images to load, or an index is not in the source.
  static absl::StatusOr<std::unique_ptr<Loader>> Create(std::shared_ptr<const SampleSource> source,
                                                        at::Tensor indices, Transforms transforms,
                                                        DatasetInfo info, at::ScalarType dtype,
                                                        LoaderOptions options);
  /// Stops the workers.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// What the batches' indices count in.
  const SampleSource& source() const;
  int64_t images_per_epoch() const;
  int64_t batches_per_epoch() const;

  /// Goes on with this batch of this epoch. batch: in [0, batches_per_epoch()], of which the last
  /// is the first batch of the next epoch. These two numbers are all that a checkpoint has to hold.
  void Seek(int64_t epoch, int64_t batch);
  /// The epoch and the number of the batch that Next returns next.
  int64_t epoch() const;
  int64_t next_batch() const;

  /// The next batch, on the CPU.
  ///
  /// With skip_unreadable a batch lacks its images that can't be read. Other batches stay as they
  /// are. Which images a batch lacks does not depend on the workers.
  /// \error kDataLoss or kNotFound naming an image that can't be read: the first of its batch; with
  /// skip_unreadable if no image of a batch can be read. kInternal if a source or a transform
  /// breaks its contract. The counter stays at the batch then, so that Next tries again.
  absl::StatusOr<Batch> Next();
  /// The next batch as it is shown. \error as Next and Pixels.
  absl::StatusOr<BatchPixels> NextPixels();
  /// Undoes the normalization of a batch's images `[N,C,H,W]`, or of one `[C,H,W]`: uint8 of the
  /// same shape. \error as Transforms::FindNormalization.
  absl::StatusOr<at::Tensor> Pixels(const at::Tensor& images) const;

  /// Images that were left out of the batches that Next returned since the loader was made.
  int64_t skipped() const;

 private:
  class Impl;
  explicit Loader(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_LOADER_LOADER_H_
