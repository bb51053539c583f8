#ifndef PDARTS_CORE_DATASET_H_
#define PDARTS_CORE_DATASET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "pdarts/base/sha256.h"
#include "pdarts/core/plugin.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// A rectangle of an image, in pixels. The origin is the top left corner of the upright image, as a
/// viewer shows it: an orientation that the file states is applied.
struct PixelRegion {
  int64_t left = 0;
  int64_t top = 0;
  int64_t width = 0;
  int64_t height = 0;
};

/// One opened image of a SampleSource. Its size is known, but its pixels are not decoded yet. An
/// object is used by one thread.
class Sample {
 public:
  virtual ~Sample() = default;

  /// The size of the upright image, in pixels. Both sides are at least 1.
  virtual int64_t width() const = 0;
  virtual int64_t height() const = 0;

  /// The pixels of `region`, which lies in the image and is not empty: uint8 `[C,h,w]` on the CPU,
  /// with any strides (interleaved pixels need no copy). C is DatasetInfo::image.channels, or 1 for
  /// a gray image, whose plane stands for all channels.
  ///
  /// h and w are the sizes of the region. If the decoder can scale at little cost, it may return
  /// the region at a smaller size. Then h >= min_height and w >= min_width, and both sides are
  /// scaled by the same factor up to rounding. A region that is smaller than min_height or
  /// min_width is returned at its own size.
  /// \error kDataLoss stating what is wrong with the image, without the name of the image, which
  /// the caller adds (SampleSource::Name).
  virtual absl::StatusOr<at::Tensor> Decode(const PixelRegion& region, int64_t min_height,
                                            int64_t min_width) const = 0;

 protected:
  Sample() = default;
  Sample(const Sample&) = delete;
  Sample& operator=(const Sample&) = delete;
};

/// Labeled images, which are read when they are needed, or which lie in memory. Several threads may
/// call all methods at the same time.
class SampleSource {
 public:
  virtual ~SampleSource() = default;

  /// The number of images; 0 for a split that a dataset does not have.
  virtual int64_t size() const = 0;
  /// The labels: `[N]` int64 on the CPU, each in [0, classes).
  virtual const at::Tensor& labels() const = 0;
  /// All images: `[N,C,H,W]` uint8, contiguous, on the CPU, if all images lie in memory and have
  /// the size of DatasetInfo::image; otherwise undefined. Read returns equal images.
  virtual at::Tensor InMemory() const { return {}; }
  /// Opens an image. index: in [0, size()). \error kNotFound or kDataLoss stating what is wrong,
  /// without the name of the image, which the caller adds.
  virtual absl::StatusOr<std::unique_ptr<Sample>> Open(int64_t index) const = 0;
  /// The file or the record that contains an image, for messages and reports: a path, or "image 17
  /// of SOURCE".
  virtual std::string Name(int64_t index) const = 0;
  /// A text that identifies an image and is the same in every copy of the data, for checksums of
  /// images that do not lie in memory: the path below the folder of the data, and the number of
  /// bytes.
  virtual std::string Identity(int64_t index) const { return Name(index); }

  /// Adds the data that identify all images and their labels: the bytes of images in memory, and
  /// the identities of other images.
  void AddTo(Sha256* checksum) const;

  /// Complete images, each `[C,h,w]` uint8 at its own size, with C as in Sample::Decode. \error as
  /// Open and Sample::Decode, with the name of the image.
  absl::StatusOr<std::vector<at::Tensor>> Read(absl::Span<const int64_t> indices) const;

 protected:
  SampleSource() = default;
  SampleSource(const SampleSource&) = delete;
  SampleSource& operator=(const SampleSource&) = delete;
};

/// A source that holds all of its images in memory.
/// \param images `[N,C,H,W]` uint8, contiguous, on the CPU.
/// \param labels `[N]` int64, on the CPU.
/// \param name of the source in SampleSource::Name.
std::shared_ptr<const SampleSource> MakeMemorySource(at::Tensor images, at::Tensor labels,
                                                     std::string name);

/// How an image gets the input size of the networks, if the transforms do not set the size.
enum class ImageFit {
  kCrop,     ///< resizes the largest central part with the right proportions
  kStretch,  ///< resizes the complete image, and changes its proportions
};

/// The description of a dataset.
struct DatasetInfo {
  /// The input shape of the networks. The images of a source may have other sizes (InMemory is then
  /// undefined): transforms bring them to this size.
  ImageShape image;
  ImageFit fit = ImageFit::kCrop;        ///< for images of other sizes
  std::vector<std::string> class_names;  ///< in the order of the labels
  /// Mean and standard deviation of each channel, of values in [0, 1]. Images are normalized to (x
  /// / 255 - mean) / deviation.
  std::vector<double> mean;
  std::vector<double> deviation;
  /// The numbers of images of the splits. 0 if they are known only after reading.
  int64_t train_images = 0;
  int64_t test_images = 0;
};

struct DatasetSplits {
  /// Neither pointer is null after Dataset::Load. A missing split is an empty source.
  std::shared_ptr<const SampleSource> train;
  std::shared_ptr<const SampleSource> test;  ///< for evaluations
  DatasetInfo info;                          ///< Dataset::info(), completed by reading
  std::string source;    ///< the folder of the data, or the generator of the data
  std::string checksum;  ///< "sha256:..." of the bytes or identities of the images
};

/// Renumbers the labels of both splits according to `class_names`, the class order of a model, and
/// replaces `splits->info.class_names` by `class_names`.
/// \error kInvalidArgument naming the classes that only one of the two lists has. If the training
/// split is empty, `class_names` may have further classes, because a test split may lack some.
absl::Status TakeClasses(const std::vector<std::string>& class_names, DatasetSplits* splits);

struct LoadOptions {
  /// Folder that holds datasets, from --data_dir or PDARTS_DATA_DIR. If it is empty, the field of
  /// the config is used.
  std::string data_dir;
  /// Only the test split is read. The training split is an empty source, and its files need not
  /// exist.
  bool test_only = false;
  /// The classes of a model, in the order of its labels. The labels of the dataset are numbered in
  /// this order. Empty: the order of the dataset.
  std::vector<std::string> class_names;
};

class Dataset : public Plugin {
 public:
  static constexpr char kKind[] = "dataset";

  /// The description that is known without reading. The shape of the images and the number of
  /// classes are those of the data that Load reads. Names and channel statistics may be stand-ins
  /// for the values in DatasetSplits::info.
  virtual const DatasetInfo& info() const = 0;
  int num_classes() const { return static_cast<int>(info().class_names.size()); }

  /// Opens both splits, or only the test split. Sources that do not lie in memory read images when
  /// the images are needed. The order of the training split is the order in which a search divides
  /// it into halves: the order of the files for the published CIFAR; a seeded order in which
  /// classes alternate for data that are sorted by class (docs/algorithm.md, "The two halves of the
  /// training images").
  /// \error kNotFound stating where Load looked and how to get the data; kInvalidArgument or
  /// kDataLoss naming the file and the record if the data are damaged or do not fit info(); as
  /// TakeClasses.
  absl::StatusOr<DatasetSplits> Load(const LoadOptions& options) const;

 private:
  /// With LoadOptions::test_only, `train` may stay null. If LoadOptions::class_names is also set,
  /// the data may have fewer classes than info() announces. Load numbers the labels by these names.
  virtual absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const = 0;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_DATASET_H_
