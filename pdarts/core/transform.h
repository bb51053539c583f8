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

/// What a user may not expect of a transform.
struct TransformNote {
  std::string field;  ///< of the transform's config
  std::string text;   ///< of the field's value: "32 is as large as the images of ..."
};

/// What a list of transforms is going to do to one image. Transforms append their steps, whose
/// numbers they have drawn. Nothing is computed before all steps are known, so that a decoder reads
/// only what is needed, and steps that move pixels are done in one pass.
class ImagePlan {
 public:
  struct Step {
    enum class Kind { kResize, kWindow, kFlip, kErase, kNormalize, kApply };
    Kind kind;
    PixelRegion region;     ///< kResize, kWindow, kErase: of the image as it is before the step
    int64_t height = 0;     ///< of the image after the step
    int64_t width = 0;      ///< likewise
    int64_t min_scale = 1;  ///< kResize
    const std::vector<double>* mean = nullptr;           ///< kNormalize
    const std::vector<double>* deviation = nullptr;      ///< kNormalize
    std::function<at::Tensor(const at::Tensor&)> apply;  ///< kApply
  };

  /// A plan that does nothing to an image of this size.
  void Begin(int64_t height, int64_t width);

  /// The size of the image after the steps so far.
  int64_t height() const { return height_; }
  int64_t width() const { return width_; }

  /// Resizes `region`, which lies in the image, to `height` x `width` pixels, with antialiasing.
  /// The first step decides what is decoded. The decoder may shrink the region cheaply to
  /// `min_scale` times the new size or more: 1 is the quickest, more keep the picture sharper.
  void Resize(const PixelRegion& region, int64_t height, int64_t width, int64_t min_scale = 1);
  /// Takes the pixels of `region`. It may reach outside of the image, where pixels are 0.
  void Window(const PixelRegion& region);
  /// Mirrors the image from left to right.
  void Flip();
  /// Sets what of `region` lies in the image to 0.
  void Erase(const PixelRegion& region);
  /// Makes each 8-bit value x the number (x / 255 - mean) / deviation of its channel, in the type
  /// that the network computes in. The vectors must outlive the plan.
  void Normalize(const std::vector<double>& mean, const std::vector<double>& deviation);
  /// Anything else: `apply` is given the image `[C,H,W]`, uint8 before it is normalized and
  /// floating-point after that, with any strides, and returns one of the same size and dtype. It is
  /// called from several threads, each with its own image.
  void Apply(std::function<at::Tensor(const at::Tensor&)> apply);

  const std::vector<Step>& steps() const { return steps_; }
  /// Whether a step makes the image's values floating-point numbers.
  bool is_normalized() const { return is_normalized_; }
  /// Says why a transform can't do its part: "needs images of 3 channels". Transforms::Create finds
  /// what depends on the config, the dataset and the transforms before it. Only the first is kept.
  void Refuse(absl::string_view why);
  /// Why the plan can't be carried out; empty where all is well.
  const std::string& refusal() const { return refusal_; }

 private:
  /// A new step after which the image has this size.
  Step& Add(Step::Kind kind, const PixelRegion& region, int64_t height, int64_t width);

  std::vector<Step> steps_;
  int64_t height_ = 0;
  int64_t width_ = 0;
  bool is_normalized_ = false;
  std::string refusal_;
};

/// One step of the way from an image of a dataset to what a network is given. A transform has no
/// state: what it does to an image depends on its config, the dataset, the image's size and the
/// random numbers that it is given for this image. Methods may be called from several threads at
/// once.
class Transform : public Plugin {
 public:
  static constexpr char kKind[] = "transform";

  /// Whether the transform brings images of any size to DatasetInfo::image.
  virtual bool sets_size() const { return false; }
  /// Whether the transform makes 8-bit values floating-point ones. A list has exactly one such.
  virtual bool normalizes() const { return false; }

  /// What a user may not expect of this transform on these images.
  virtual std::vector<TransformNote> Notes(const DatasetInfo& info) const { return {}; }

  /// Appends what is done to one image. random: the numbers for this image and this transform.
  virtual void Plan(const DatasetInfo& info, RandomStream& random, ImagePlan* plan) const = 0;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_TRANSFORM_H_
