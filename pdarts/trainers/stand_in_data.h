#ifndef PDARTS_TRAINERS_STAND_IN_DATA_H_
#define PDARTS_TRAINERS_STAND_IN_DATA_H_

#include <cstdint>
#include <memory>

#include "pdarts/core/dataset.h"

namespace pdarts {

// Images for measurements whose results do not depend on the content of the images.

/// `images` random images with the shape and the classes of the dataset.
std::shared_ptr<const SampleSource> StandInSource(const DatasetInfo& info, int64_t images);

/// Stand-in data if the data are not available: `images` training images and `images` test images.
DatasetSplits StandInData(const DatasetInfo& info, int64_t images);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_STAND_IN_DATA_H_
