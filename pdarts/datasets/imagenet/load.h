#ifndef PDARTS_DATASETS_IMAGENET_LOAD_H_
#define PDARTS_DATASETS_IMAGENET_LOAD_H_

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/datasets/imagenet/imagenet.pb.h"

namespace pdarts::imagenet {

/// Finds the images of the splits that `options` request. No image is read. \param info the
/// information that is known without reading. \error as Dataset::Load.
absl::StatusOr<DatasetSplits> Load(const ImageNetConfig& config, const DatasetInfo& info,
                                   const LoadOptions& options);

}  // namespace pdarts::imagenet

#endif  // PDARTS_DATASETS_IMAGENET_LOAD_H_
