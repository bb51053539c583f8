#ifndef PDARTS_DATASETS_TRANSFORMS_SMALL_IMAGE_PLANS_H_
#define PDARTS_DATASETS_TRANSFORMS_SMALL_IMAGE_PLANS_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "c10/core/ScalarType.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/transform.h"
#include "pdarts/datasets/transforms/pixel_map.h"

namespace pdarts {

/// Plans for images of the network's size, as the numbers that operators::TransformSmallImages is
/// given. The operator's images are those that PlanRunner makes. For one thread.
class SmallImagePlans {
 public:
  /// dtype: of the transformed images, float32 or float64.
  SmallImagePlans(const ImageShape& image, at::ScalarType dtype) : image_(image), dtype_(dtype) {}

  /// Writes what a plan does to one image: `[operators::kImageNumbers]`. Returns false, and leaves
  /// the numbers undefined, if the plan does not end normalized in the image's size, needs more
  /// than one pass over the image, erases more than operators::kMostHoles regions, or normalizes
  /// otherwise than the plan before it.
  bool Write(const ImagePlan& plan, int32_t* numbers);

  /// `[C,256]` on the CPU: the normalized value of each byte. Undefined before the first Write that
  /// returned true.
  const at::Tensor& table() const { return table_; }

 private:
  const ImageShape image_;
  const at::ScalarType dtype_;
  PixelMap map_;
  at::Tensor table_;
  std::vector<double> mean_, deviation_;  ///< of the table
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_SMALL_IMAGE_PLANS_H_
