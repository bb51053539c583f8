#ifndef PDARTS_SESSIONS_IMAGE_FILES_H_
#define PDARTS_SESSIONS_IMAGE_FILES_H_

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"

namespace pdarts {

/// The paths of the image files that a user named, in the order of the arguments. An argument is a
/// file, or a folder. A folder stands for all images in it and in the folders below it, sorted by
/// name. `notes` (as SessionOptions::notes) gets the names of files in a folder that are not
/// images. \error kNotFound naming a path that does not exist; kInvalidArgument naming a folder
/// without images; as images::ListClass.
absl::StatusOr<std::vector<std::string>> FindImageFiles(const std::vector<std::string>& paths,
                                                        std::ostream* notes);

/// The images of files. They have no labels: each label is 0. A file is read when its image is
/// needed.
std::shared_ptr<const SampleSource> MakeFileSource(const std::vector<std::string>& paths);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_IMAGE_FILES_H_
