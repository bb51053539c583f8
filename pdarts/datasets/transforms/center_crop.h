#ifndef PDARTS_DATASETS_TRANSFORMS_CENTER_CROP_H_
#define PDARTS_DATASETS_TRANSFORMS_CENTER_CROP_H_

#include <cstdint>

#include "pdarts/core/dataset.h"
#include "pdarts/core/transform.h"

namespace pdarts {

/// Resizes the plan's image so that its shorter side has `short_side` pixels, and takes the middle
/// of it in the size of DatasetInfo::image. 0: as few pixels as leave such a middle, or the whole
/// image is resized where DatasetInfo::fit is kStretch. What lies outside of the middle is not
/// decoded.
void PlanCenterCrop(const DatasetInfo& info, int64_t short_side, ImagePlan* plan);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_CENTER_CROP_H_
