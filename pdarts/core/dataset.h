#ifndef PDARTS_CORE_DATASET_H_
#define PDARTS_CORE_DATASET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "pdarts/core/plugin.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/sha256.h"

namespace pdarts {

/// A rectangle of an image, in pixels. The corner counts from the top left corner of the upright
/// image, as a viewer shows it: an orientation that a file names is applied.
struct PixelRegion {
  int64_t left = 0;
  int64_t top = 0;
  int64_t width = 0;
  int64_t height = 0;
};

/// One opened image of a SampleSource. Its size is known and its pixels are not decoded yet. One
/// thread uses it.
class Sample {
 public:
  virtual ~Sample() = default;

  /// The size of the upright image, in pixels; each at least 1.
  virtual int64_t width() const = 0;
  virtual int64_t height() const = 0;

  /// The pixels of `region`, which lies in the image and is not empty: uint8 `[C,h,w]` on the CPU,
  /// with any strides (interleaved pixels need no copy). C is DatasetInfo::image.channels, or 1 for
  /// a gray image, whose plane stands for all channels. h and w are the region's sizes, or the
  /// region as a smaller picture where the decoder scales cheaply: then h >= min_height and w >=
  /// min_width, and both are scaled by the same factor up to rounding. A region that is smaller
  /// than min_height or min_width comes in its own size. \error kDataLoss saying what is wrong with
  /// the image, without its name, which the caller adds (SampleSource::Name).
  virtual absl::StatusOr<at::Tensor> Decode(const PixelRegion& region, int64_t min_height,
                                            int64_t min_width) const = 0;

 protected:
  Sample() = default;
  Sample(const Sample&) = delete;
  Sample& operator=(const Sample&) = delete;
};

/// Labelled images that are read when they are needed, or lie in memory. All methods may be called
/// from several threads at once.
class SampleSource {
 public:
  virtual ~SampleSource() = default;

  /// How many images there are; 0 for a split that a dataset does not have.
  virtual int64_t size() const = 0;
  /// `[N]` int64 on the CPU, each in [0, classes).
  virtual const at::Tensor& labels() const = 0;
  /// `[N,C,H,W]` uint8, contiguous, on the CPU, where all images lie in memory and have the size of
  /// DatasetInfo::image; else undefined. What Read gives is equal to it.
  virtual at::Tensor InMemory() const { return {}; }
  /// Opens an image. index: in [0, size()).
  /// \error kNotFound or kDataLoss saying what is wrong, without the image's name, which the caller
  /// adds.
  virtual absl::StatusOr<std::unique_ptr<Sample>> Open(int64_t index) const = 0;
  /// The file or the record that an image comes from, for messages and reports: a path, or "image
  /// 17 of SOURCE".
  virtual std::string Name(int64_t index) const = 0;
  /// What tells an image from others and is the same in every copy of the data, for checksums of
  /// images that do not lie in memory: the path below the data's folder and the number of bytes.
  virtual std::string Identity(int64_t index) const { return Name(index); }

  /// Adds what identifies all images and their labels: the bytes of images in memory, the
  /// identities of others.
  void AddTo(Sha256* checksum) const;

  /// Whole images, each `[C,h,w]` uint8 in its own size, C as Sample::Decode.
  /// \error of Open and Sample::Decode with the image's name.
  absl::StatusOr<std::vector<at::Tensor>> Read(absl::Span<const int64_t> indices) const;

 protected:
  SampleSource() = default;
  SampleSource(const SampleSource&) = delete;
  SampleSource& operator=(const SampleSource&) = delete;
};

/// A source that holds all of its images in memory.
/// \param images `[N,C,H,W]` uint8, contiguous, on the CPU.
/// \param labels `[N]` int64, on the CPU.
/// \param name what SampleSource::Name calls the images' origin.
std::shared_ptr<const SampleSource> MakeMemorySource(at::Tensor images, at::Tensor labels,
                                                     std::string name);

/// How an image of another size becomes one of the size that networks are given, where the
/// transforms do not say it.
enum class ImageFit {
  kCrop,     ///< the largest part in the middle that has the right proportions is resized
  kStretch,  ///< the whole image is resized, whatever its proportions
};

/// What a dataset is.
struct DatasetInfo {
  /// The images that networks are given. Those of a source may have other sizes (InMemory is
  /// undefined then): transforms bring them to this one.
  ImageShape image;
  ImageFit fit = ImageFit::kCrop;        ///< for images of other sizes
  std::vector<std::string> class_names;  ///< in label order
  /// Of each channel, of values in [0, 1]: images are normalized to (x / 255 - mean) / deviation.
  std::vector<double> mean;
  std::vector<double> deviation;
  /// How many images the splits hold; 0 where only reading tells.
  int64_t train_images = 0;
  int64_t test_images = 0;
};

struct DatasetSplits {
  /// Neither is null after Dataset::Load. An absent split is an empty source.
  std::shared_ptr<const SampleSource> train;
  std::shared_ptr<const SampleSource> test;  ///< for measuring
  DatasetInfo info;                          ///< as Dataset::info(), with what only reading tells
  std::string source;                        ///< where it was read from: a folder, or what made it
  std::string checksum;                      ///< "sha256:..." over what identifies the data
};

/// Numbers the labels of both splits by `class_names`, an order that a model knows, instead of
/// `splits->info.class_names`, and puts the former into the latter.
/// \error kInvalidArgument naming the classes that only one of the two has. Classes that only
/// `class_names` has are none where the training split has no images: a test split may lack some.
absl::Status TakeClasses(const std::vector<std::string>& class_names, DatasetSplits* splits);

struct LoadOptions {
  /// Folder that holds datasets, from --data_dir or PDARTS_DATA_DIR; empty: the config's own field.
  std::string data_dir;
  /// Only the test split is read; the training split is an empty source, and need not exist.
  bool test_only = false;
  /// The classes that a model knows, in the order of its labels; empty: the dataset's own. Labels
  /// are numbered in this order.
  std::vector<std::string> class_names;
};

class Dataset : public Plugin {
 public:
  static constexpr char kKind[] = "dataset";

  /// What is known without reading: the shape of the images and the number of classes are what
  /// Load finds; names and statistics may be stand-ins for what it tells in DatasetSplits::info.
  virtual const DatasetInfo& info() const = 0;
  int num_classes() const { return static_cast<int>(info().class_names.size()); }

  /// Opens both splits, or the test split alone. Sources that do not lie in memory read images when
  /// these are needed. The training split comes in the order in which a search cuts it into halves:
  /// published CIFAR in file order, anything sorted by class in a seeded order in which classes
  /// alternate (docs/algorithm.md, "The two halves of the training images").
  /// \error kNotFound saying where it looked and how to get the data;
  /// kInvalidArgument or kDataLoss naming file and record when the data is damaged or doesn't fit
  /// info(); as TakeClasses.
  absl::StatusOr<DatasetSplits> Load(const LoadOptions& options) const;

 private:
  /// With LoadOptions::test_only, `train` may stay null, and the classes that were found may be
  /// fewer than info() announces where LoadOptions::class_names are given. Load numbers the labels
  /// by these names.
  virtual absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const = 0;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_DATASET_H_
