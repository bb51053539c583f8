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

/// Images of a batch that go through a network together, where several processes have the batch.
struct BatchPart {
  int64_t images = 0;       ///< that this process has
  int64_t all_images = 0;   ///< of the part
  int64_t first_image = 0;  ///< as Batch::first_image, of this process's first image
  /// Whether each image is on one process. A part of fewer images than processes is not shared:
  /// each process has all of its images.
  bool is_shared = false;
};

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
  /// What this process has of the batch, part after part, where several processes have it. Empty:
  /// this process has the whole batch.
  std::vector<BatchPart> parts;
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

/// The sizes of the parts of a batch of `images` images, at least 1: no more parts than are needed
/// for parts of at most `largest` images, all of one size as nearly as possible, the larger ones
/// first.
std::vector<int64_t> PartSizes(int64_t images, int64_t largest);

struct LoaderOptions {
  int64_t batch_size = 1;
  /// The processes that have a batch together. Each of them loads its share of each part of it
  /// (Communicator::Share).
  Communicator* communicator = &SingleProcess();
  /// The most images of a part, where several processes have a batch; 0: a batch is one part.
  int64_t part_images = 0;
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
///
/// With a communicator of several processes, Next returns this process's share of the batch. An
/// image gets the same pixels, whichever process loads it. With skip_unreadable Next is collective.
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
  const ImageShape& image() const;  ///< of the batches' images
  int64_t images_per_epoch() const;
  int64_t batches_per_epoch() const;
  Communicator& communicator() const;

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
  /// breaks its contract. The counter stays at the batch then, so that Next tries again. Of several
  /// processes, each reports the errors of its share; with skip_unreadable the others return
  /// kUnavailable naming a process that has one, and it is an error if no image of a process's
  /// share of a part can be read.
  absl::StatusOr<Batch> Next();
  /// The next batch, with images and labels on a device. Both reach the device as one block of
  /// memory in one copy: from pinned memory and without waiting for the device, where the device
  /// has pinned memory. Images in memory travel as bytes, and the device moves, mirrors, normalizes
  /// and erases their pixels. If a transform does anything else, or the images do not lie in
  /// memory, the host transforms the images. The values are those of Next. The first call for a
  /// device also copies the normalized values of all bytes. \error as Next.
  absl::StatusOr<Batch> NextOn(c10::Device device);
  /// The next batch as it is shown. \error as Next and Pixels.
  absl::StatusOr<BatchPixels> NextPixels();
  /// Undoes the normalization of a batch's images `[N,C,H,W]`, or of one `[C,H,W]`: uint8 of the
  /// same shape. \error as Transforms::FindNormalization.
  absl::StatusOr<at::Tensor> Pixels(const at::Tensor& images) const;
  /// The pixels of one image of the source as a batch of this epoch has them: `[C,H,W]` uint8 on
  /// the CPU. \error as Next and Pixels.
  absl::StatusOr<at::Tensor> PixelsOf(int64_t index, int64_t epoch);

  /// Images that were left out of the batches that Next returned since the loader was made; of
  /// several processes, those of this one.
  int64_t skipped() const;

 private:
  class Impl;
  explicit Loader(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_LOADER_LOADER_H_
