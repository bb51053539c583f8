#ifndef PDARTS_CORE_TRANSFORM_H_
#define PDARTS_CORE_TRANSFORM_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/plugin.h"
#include "pdarts/core/random_stream.h"

namespace pdarts {

/// An effect of a transform that a user may not expect.
struct TransformNote {
  std::string field;  ///< of the transform's config
  std::string text;   ///< of the field's value: "32 is as large as the images of ..."
};

/// The steps that a list of transforms will apply to one image. Each transform appends its steps,
/// with the random numbers that it has drawn. The computation begins when all steps are known. So a
/// decoder reads only the needed pixels, and all steps that move pixels are done in one pass.
class ImagePlan {
 public:
  struct Step {
    enum class Kind { kResize, kWindow, kFlip, kErase, kNormalize, kApply };
    Kind kind;
    PixelRegion region;     ///< kResize, kWindow, kErase: of the image as it is before the step
    int64_t height = 0;     ///< of the image after the step
    int64_t width = 0;      ///< of the image after the step
    int64_t min_scale = 1;  ///< kResize
    const std::vector<double>* mean = nullptr;           ///< kNormalize
    const std::vector<double>* deviation = nullptr;      ///< kNormalize
    std::function<at::Tensor(const at::Tensor&)> apply;  ///< kApply
  };

  /// Begins a plan without steps for an image of this size.
  void Begin(int64_t height, int64_t width);

  /// The size of the image after the steps so far.
  int64_t height() const { return height_; }
  int64_t width() const { return width_; }

  /// Resizes `region`, which lies in the image, to `height` x `width` pixels, with antialiasing.
  /// The first step decides which pixels are decoded. The decoder may shrink the region at little
  /// cost to `min_scale` times the new size or more. 1 is the fastest value; larger values give a
  /// sharper image.
  void Resize(const PixelRegion& region, int64_t height, int64_t width, int64_t min_scale = 1);
  /// Crops the image to `region`. The region may reach outside of the image, where pixels are 0.
  void Window(const PixelRegion& region);
  /// Mirrors the image from left to right.
  void Flip();
  /// Sets the pixels of `region` that lie in the image to 0.
  void Erase(const PixelRegion& region);
  /// Replaces each 8-bit value x by (x / 255 - mean) / standard_deviation with the mean and the
  /// standard deviation of its channel, in the type in which the network computes. The vectors must
  /// outlive the plan.
  void Normalize(const std::vector<double>& mean, const std::vector<double>& standard_deviation);
  /// Any other step: `apply` gets the image `[C,H,W]`, uint8 before the normalization and
  /// floating-point after it, with any strides, and returns an image of the same size and type.
  /// Several threads call it, each with its own image.
  void Apply(std::function<at::Tensor(const at::Tensor&)> apply);

  const std::vector<Step>& steps() const { return steps_; }
  /// Whether a step has converted the values of the image to floating-point numbers.
  bool is_normalized() const { return is_normalized_; }
  /// States why a transform cannot work: "needs images of 3 channels". Transforms::Create finds
  /// everything that depends on the config, the dataset and the previous transforms. Only the first
  /// reason is kept.
  void Refuse(absl::string_view why);
  /// Why the plan cannot be carried out; empty if it can.
  const std::string& refusal() const { return refusal_; }

 private:
  /// Adds a step after which the image has this size.
  Step& Add(Step::Kind kind, const PixelRegion& region, int64_t height, int64_t width);

  std::vector<Step> steps_;
  int64_t height_ = 0;
  int64_t width_ = 0;
  bool is_normalized_ = false;
  std::string refusal_;
};

/// One step from an image of a dataset to the input of a network. A transform has no state: its
/// effect on an image depends on its config, the dataset, the size of the image and the random
/// numbers for this image. Several threads may call the methods at the same time.
class Transform : public Plugin {
 public:
  static constexpr char kKind[] = "transform";

  /// Whether the transform resizes images of any size to DatasetInfo::image.
  virtual bool sets_size() const { return false; }
  /// Whether the transform converts 8-bit values to floating-point numbers. Exactly one transform
  /// of a list does.
  virtual bool normalizes() const { return false; }

  /// Effects of this transform on these images that a user may not expect.
  virtual std::vector<TransformNote> Notes(const DatasetInfo& info) const { return {}; }

  /// Appends the steps for one image. random: the numbers for this image and this transform.
  virtual void Plan(const DatasetInfo& info, RandomStream& random, ImagePlan* plan) const = 0;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_TRANSFORM_H_
