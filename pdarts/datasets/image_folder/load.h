#ifndef PDARTS_DATASETS_IMAGE_FOLDER_LOAD_H_
#define PDARTS_DATASETS_IMAGE_FOLDER_LOAD_H_

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/datasets/image_folder/image_folder.pb.h"

namespace pdarts::image_folder {

/// Reads the splits that `options` ask for. With LoadOptions::test_only the folder may lack a
/// training split; the classes are then those of the test split. So they are if
/// LoadOptions::class_names say which ones a model knows. A mean or a deviation that the config
/// lacks is that of the training images; with both options nothing tells it, and it stays a
/// stand-in, because the model knows it too. \error as Dataset::Load; kInvalidArgument naming
/// `dataset.mean` and `dataset.deviation` if one of them is needed and there are no training
/// images.
/// \param info what is known before reading, by AnnounceStoredImages.
absl::StatusOr<DatasetSplits> Load(const ImageFolderConfig& config, const DatasetInfo& info,
                                   const LoadOptions& options);

}  // namespace pdarts::image_folder

#endif  // PDARTS_DATASETS_IMAGE_FOLDER_LOAD_H_
