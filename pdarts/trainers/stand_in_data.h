#ifndef PDARTS_TRAINERS_STAND_IN_DATA_H_
#define PDARTS_TRAINERS_STAND_IN_DATA_H_

#include <cstdint>
#include <memory>

#include "pdarts/core/dataset.h"

namespace pdarts {

// Images for measurements whose results don't depend on what the images show.

/// `images` random images of the dataset's shape, with labels of its classes.
std::shared_ptr<const SampleSource> StandInSource(const DatasetInfo& info, int64_t images);

/// Data that stand in for those that are not at hand: `images` training and test images each.
DatasetSplits StandInData(const DatasetInfo& info, int64_t images);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_STAND_IN_DATA_H_
