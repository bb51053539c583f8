#ifndef PDARTS_DATASETS_IMAGE_FOLDER_LAYOUT_H_
#define PDARTS_DATASETS_IMAGE_FOLDER_LAYOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/images/listing.h"

namespace pdarts::image_folder {

/// One split of a dataset: a folder of class folders.
struct SplitFolder {
  std::string path;  ///< empty: there is no such split
  std::vector<images::ClassFolders> classes;
  std::vector<std::string> loose;  ///< paths of images outside of the class folders
};

/// The places of the splits of a dataset.
struct Layout {
  SplitFolder train;
  SplitFolder test;
  std::vector<std::string> notes;  ///< what a user may not expect, as sentences
};

/// Finds the splits in a folder. The training images are in `train/` or `training/`. The test
/// images are in `test/` or `testing/`; without these, in `val/`, `valid/` or `validation/`. Upper
/// and lower case are the same. If the folder holds only class folders, the folder itself is the
/// training split. No image is decoded. A missing training split is not an error if there are test
/// images.
/// \error kNotFound if there is no such folder, or no split in it; kInvalidArgument if two folders
/// could be the same split; kDataLoss if a folder cannot be read. All messages name the folder.
absl::StatusOr<Layout> FindLayout(const std::string& folder);

/// An image file and its class.
struct ImageFile {
  std::string path;
  int64_t label = 0;
};

/// The image files of a split, sorted by class and then by name.
struct Listing {
  std::vector<ImageFile> files;
  std::vector<std::string> others;  ///< files in the folders that are not images
};

/// Lists the images of a split. The label of an image is the index of its class in `classes`. A
/// class without a folder has no images.
/// \error kInvalidArgument naming a folder that is not a class; kDataLoss naming a folder that
/// cannot be read.
absl::StatusOr<Listing> ListSplit(const SplitFolder& split,
                                  const std::vector<std::string>& classes);

/// Moves `share` of each class's files from `train` to the test images. A class of at least two
/// files gives at least one file, and never all files. The selection depends only on `seed`, the
/// names of the classes, and the names of the files relative to `folder`, so that every copy of the
/// folder is split in the same way.
/// \return the selected files, in their order.
std::vector<ImageFile> TakeTestFiles(const std::string& folder, double share, int64_t seed,
                                     std::vector<ImageFile>* train);

}  // namespace pdarts::image_folder

#endif  // PDARTS_DATASETS_IMAGE_FOLDER_LAYOUT_H_
