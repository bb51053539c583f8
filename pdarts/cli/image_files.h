#ifndef PDARTS_CLI_IMAGE_FILES_H_
#define PDARTS_CLI_IMAGE_FILES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"

namespace pdarts {

/// The paths of the image files that a user named, in the order in which they were named: a file
/// stands for itself, a folder for the images in it and in all folders below it, sorted by name.
/// Tells the user on standard error what in a folder is no image.
/// \error kNotFound naming a path that is not there; kInvalidArgument naming a folder that holds no
/// image; as images::ListClass.
absl::StatusOr<std::vector<std::string>> FindImageFiles(const std::vector<std::string>& paths);

/// The images of files, without labels: each is 0. A file is read when its image is needed.
std::shared_ptr<const SampleSource> MakeFileSource(const std::vector<std::string>& paths);

}  // namespace pdarts

#endif  // PDARTS_CLI_IMAGE_FILES_H_
