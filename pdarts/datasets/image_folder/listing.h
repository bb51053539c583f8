#ifndef PDARTS_DATASETS_IMAGE_FOLDER_LISTING_H_
#define PDARTS_DATASETS_IMAGE_FOLDER_LISTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pdarts::image_folder {

/// An image file and its class.
struct ImageFile {
  std::string path;
  int64_t label = 0;
};

/// The image files of a split, sorted by class and then by name.
struct Listing {
  std::vector<ImageFile> files;
  std::vector<std::string> others;  ///< what lies among them and isn't an image by its name
};

/// Names of the class folders in `folder`, sorted. Hidden ones are none.
/// \error kNotFound if there is no such folder.
absl::StatusOr<std::vector<std::string>> ListClasses(const std::string& folder);

/// Finds the image files (.png, .jpg, .jpeg, in any case) of every class in `folder`. Hidden files
/// don't count at all. A class without a folder has none.
/// \error kDataLoss naming a folder that can't be read.
absl::StatusOr<Listing> ListImages(const std::string& folder,
                                   const std::vector<std::string>& classes);

}  // namespace pdarts::image_folder

#endif  // PDARTS_DATASETS_IMAGE_FOLDER_LISTING_H_
