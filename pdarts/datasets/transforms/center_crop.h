#ifndef PDARTS_DATASETS_TRANSFORMS_CENTER_CROP_H_
#define PDARTS_DATASETS_TRANSFORMS_CENTER_CROP_H_

#include <cstdint>

#include "pdarts/core/dataset.h"
#include "pdarts/core/transform.h"

namespace pdarts {

/// Resizes the image of the plan so that its shorter side has `short_side` pixels, and takes its
/// middle in the size of DatasetInfo::image. With 0, the image becomes as small as possible so that
/// its middle has this size. If DatasetInfo::fit is kStretch, the whole image is resized. The part
/// outside of the middle is not decoded.
void PlanCenterCrop(const DatasetInfo& info, int64_t short_side, ImagePlan* plan);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_CENTER_CROP_H_
