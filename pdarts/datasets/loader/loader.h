#ifndef PDARTS_DATASETS_LOADER_LOADER_H_
#define PDARTS_DATASETS_LOADER_LOADER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "c10/core/ScalarType.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/datasets/transforms/transforms.h"

namespace pdarts {

/// The images of a batch that go through a network together, if several processes share the batch.
struct BatchPart {
  int64_t images = 0;       ///< number of images of this process
  int64_t all_images = 0;   ///< number of images of the part
  int64_t first_image = 0;  ///< Batch::first_image for the first image of this process
  /// Whether each image is on one process. If a part has fewer images than there are processes, it
  /// is not shared: each process has all of its images.
  bool is_shared = false;
};

/// A batch as input of a network.
struct Batch {
  at::Tensor images;   ///< `[N,C,H,W]`, normalized
  at::Tensor labels;   ///< `[N]` int64
  at::Tensor indices;  ///< `[N]` int64 on the CPU: the images' indices in their source
  /// The place of the images in the training: the epoch (within a stage, for a search), from 0, and
  /// the position of the first image in the order of the epoch. The other images follow it. The
  /// random numbers of a network for an image depend on both.
  int64_t epoch = 0;
  int64_t first_image = 0;
  /// The parts of the batch that this process has, if several processes share the batch. Empty:
  /// this process has the complete batch.
  std::vector<BatchPart> parts;
};

/// The images of a batch as a viewer shows them: 8-bit values without normalization.
struct BatchPixels {
  at::Tensor pixels;   ///< `[N,C,H,W]` uint8 on the CPU
  at::Tensor indices;  ///< as Batch::indices
};

/// The number of batches of `images` images, including the last and smaller one.
inline int64_t NumBatches(int64_t images, int64_t batch_size) {
  return (images + batch_size - 1) / batch_size;
}

/// The sizes of the parts of a batch of `images` images, each at least 1. There are no more parts
/// than necessary for parts of at most `largest` images. Their sizes are as equal as possible, and
/// larger parts come first.
std::vector<int64_t> PartSizes(int64_t images, int64_t largest);

struct LoaderOptions {
  int64_t batch_size = 1;
  /// The processes that share a batch. Each process loads its share of each part of the batch
  /// (Communicator::Share).
  Communicator* communicator = &SingleProcess();
  /// The maximum number of images of a part, if several processes share a batch; 0: a batch is one
  /// part.
  int64_t part_images = 0;
  /// The values on which the order and all random numbers depend, besides the epoch and the image.
  uint64_t seed = 0;
  int64_t stage = 0;
  std::string purpose;  ///< "weights", "alphas", "train", "evaluation"
  /// Whether each epoch has a new order. If false, the order is that of the indices.
  bool shuffle = true;
  /// Whether no batch of the next epoch is made ahead. For a loader that is used for one epoch.
  bool one_epoch = false;
  /// The following fields are for sources that do not lie in memory, as in LoadingSettings.
  int workers = 0;
  int64_t prefetch_bytes = 0;
  bool skip_unreadable = false;
};

/// Sets the options from the settings of a spec.
void SetLoading(const LoadingSettings& settings, LoaderOptions* options);

/// Batches of transformed images, epoch after epoch. The result of Next depends only on the seed,
/// stage, purpose, batch size and order in the options, and on the number of the batch. It does not
/// depend on workers, memory, or earlier batches. The last and smaller batch of an epoch is kept.
/// Only one thread uses a loader. If the source is in memory, this thread transforms the images
/// when a batch is requested. Otherwise, worker threads make the batches ahead of time.
///
/// With a communicator of several processes, Next returns this process's share of the batch. The
/// pixels of an image do not depend on the process that loads it. With skip_unreadable, Next is
/// collective.
class Loader {
 public:
  /// \param indices `[N]` int64 on the CPU, N > 0: the images of the source that are loaded.
  /// \param info DatasetSplits::info.
  /// \param dtype of the images: float32 or float64. \error kInvalidArgument if there are no images
  ///     to load, or if an index is not in the source.
  static absl::StatusOr<std::unique_ptr<Loader>> Create(std::shared_ptr<const SampleSource> source,
                                                        at::Tensor indices, Transforms transforms,
                                                        DatasetInfo info, at::ScalarType dtype,
                                                        LoaderOptions options);
  /// Stops the workers.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// The source that contains the indices of the batches.
  const SampleSource& source() const;
  const ImageShape& image() const;  ///< of the batches' images
  int64_t images_per_epoch() const;
  int64_t batches_per_epoch() const;
  Communicator& communicator() const;

  /// Continues with this batch of this epoch. batch: in [0, batches_per_epoch()]. The largest value
  /// is the first batch of the next epoch. A checkpoint needs only these two numbers.
  void Seek(int64_t epoch, int64_t batch);
  /// The epoch and the number of the batch that Next returns next.
  int64_t epoch() const;
  int64_t next_batch() const;

  /// The next batch, on the CPU.
  ///
  /// With skip_unreadable, a batch does not contain its unreadable images. Other batches do not
  /// change. The skipped images do not depend on the workers.
  ///
  /// \error kDataLoss or kNotFound naming an unreadable image: the first one of its batch, or with
  /// skip_unreadable if no image of a batch can be read. kInternal if a source or a transform
  /// breaks its contract. After an error, the position stays at the batch, so that Next tries
  /// again. If there are several processes, each reports the errors of its share. With
  /// skip_unreadable, the other processes return kUnavailable naming a process with an error, and
  /// it is an error if no image of a process's share of a part can be read.
  absl::StatusOr<Batch> Next();
  /// The next batch, with images and labels on a device. One copy transfers both as one block of
  /// memory. If the device has pinned memory, the copy is made from pinned memory and without
  /// waiting for the device. Images in memory are transferred as bytes, and the device moves,
  /// mirrors, normalizes and erases their pixels. If a transform does anything else, or if the
  /// images do not lie in memory, the host transforms the images. The values are those of Next. The
  /// first call for a device also copies the normalized values of all bytes.
  /// \error as Next.
  absl::StatusOr<Batch> NextOn(c10::Device device);
  /// The next batch for a viewer. \error as Next and Pixels.
  absl::StatusOr<BatchPixels> NextPixels();
  /// Undoes the normalization of a batch's images `[N,C,H,W]`, or of one image `[C,H,W]`: uint8 of
  /// the same shape. \error as Transforms::FindNormalization.
  absl::StatusOr<at::Tensor> Pixels(const at::Tensor& images) const;
  /// The pixels of one image of the source, transformed as in a batch of this epoch: `[C,H,W]`
  /// uint8 on the CPU. \error as Next and Pixels.
  absl::StatusOr<at::Tensor> PixelsOf(int64_t index, int64_t epoch);

  /// The number of images that Next has skipped since the loader was made. If there are several
  /// processes, only those of this process.
  int64_t skipped() const;

 private:
  class Impl;
  explicit Loader(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_LOADER_LOADER_H_
