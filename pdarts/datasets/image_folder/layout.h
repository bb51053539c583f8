#ifndef PDARTS_DATASETS_IMAGE_FOLDER_LAYOUT_H_
#define PDARTS_DATASETS_IMAGE_FOLDER_LAYOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/images/listing.h"

namespace pdarts::image_folder {

/// One split of a data set, as it lies in a folder of class folders.
struct SplitFolder {
  std::string path;  ///< empty: there is no such split
  std::vector<images::ClassFolders> classes;
  std::vector<std::string> loose;  ///< paths of images that lie in no class folder
};

/// Where the splits of a data set lie.
struct Layout {
  SplitFolder train;
  SplitFolder test;
  std::vector<std::string> notes;  ///< what a user may not expect, a sentence each
};

/// Finds the splits in a folder. The training images lie in `train/` or `training/`; those for
/// measuring in `test/` or `testing/`, else in `val/`, `valid/` or `validation/`. Upper case is the
/// same. A folder that holds none of these but class folders is the training split itself. Nothing
/// is decoded. A folder without a training split is no error where it has one for measuring.
/// \error kNotFound if there is no such folder, or no split in it; kInvalidArgument if two folders
/// may be meant; kDataLoss if a folder can't be read. All name the folder.
absl::StatusOr<Layout> FindLayout(const std::string& folder);

/// An image file and its class.
struct ImageFile {
  std::string path;
  int64_t label = 0;
};

/// The image files of a split, sorted by class and then by name.
struct Listing {
  std::vector<ImageFile> files;
  std::vector<std::string> others;  ///< what lies among them and isn't an image
};

/// Lists the images of a split. The label of an image is the index of its class in `classes`; a
/// class without a folder has none.
/// \error kInvalidArgument naming a folder that is no class; kDataLoss naming a folder that can't
/// be read.
absl::StatusOr<Listing> ListSplit(const SplitFolder& split,
                                  const std::vector<std::string>& classes);

/// Takes `share` of each class's files for measuring, at least one of two and never all, and leaves
/// the others in `train`. Which ones depends on `seed`, the classes' names and the files' names
/// below `folder` only, so that every copy of the folder is cut alike.
/// \return the files that were taken, in their order.
std::vector<ImageFile> TakeTestFiles(const std::string& folder, double share, int64_t seed,
                                     std::vector<ImageFile>* train);

}  // namespace pdarts::image_folder

#endif  // PDARTS_DATASETS_IMAGE_FOLDER_LAYOUT_H_
