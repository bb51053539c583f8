#ifndef PDARTS_DATASETS_IMAGE_FOLDER_LOAD_H_
#define PDARTS_DATASETS_IMAGE_FOLDER_LOAD_H_

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/datasets/image_folder/image_folder.pb.h"

namespace pdarts::image_folder {

/// Reads the splits that `options` request. With LoadOptions::test_only, the training split may be
/// missing. The classes are then those of the test split. The classes are also those of the test
/// split if LoadOptions::class_names gives the classes of a model. A mean or standard deviation
/// that the config lacks is computed from the training images. With both options nothing tells it,
/// and a default value stays, because the model knows the right value. \error as Dataset::Load;
/// kInvalidArgument naming `dataset.mean` and `dataset.deviation` if one of them is needed and
/// there are no training images.
/// \param info the result of AnnounceStoredImages, which is known before reading.
absl::StatusOr<DatasetSplits> Load(const ImageFolderConfig& config, const DatasetInfo& info,
                                   const LoadOptions& options);

}  // namespace pdarts::image_folder

#endif  // PDARTS_DATASETS_IMAGE_FOLDER_LOAD_H_
