#ifndef PDARTS_IMAGES_LISTING_H_
#define PDARTS_IMAGES_LISTING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pdarts::images {

/// The content of a folder without hidden entries: names that begin with a dot, and the folder
/// `__MACOSX` in archives of macOS. Each list is sorted by ComposedName.
struct FolderContent {
  std::vector<std::string> images;   ///< paths of images, by IsImage
  std::vector<std::string> others;   ///< paths of files that are not images
  std::vector<std::string> folders;  ///< names of folders, as they are stored
};

/// Whether a file is read as an image: its content is that of an image (FindContent), or its name
/// ends like the name of an image, such as ".jpg". So a damaged image also counts as an image.
bool IsImage(const std::string& path);

/// Lists a folder without the content of the folders in it.
/// \error kNotFound if there is no such folder; kFailedPrecondition if `folder` is a file;
/// kDataLoss if the folder cannot be read. The message names the folder.
absl::StatusOr<FolderContent> ListFolder(const std::string& folder);

/// A class: its name, and the folders that hold its images.
struct ClassFolders {
  std::string name;  ///< a ComposedName
  /// Paths. There are several folders if the name is stored in composed and in decomposed form.
  std::vector<std::string> folders;
};

/// The classes of the folders in `content`, sorted by name. `content` is the content of the folder
/// `folder`.
std::vector<ClassFolders> FindClasses(const std::string& folder, const FolderContent& content);

/// Lists the folders of a class and all folders below them. `folders` of the result is empty. Links
/// to folders below are not followed. They are in `others`. \error as ListFolder; kInvalidArgument
/// naming a folder of a class that is a link to a folder which contains the link.
absl::StatusOr<FolderContent> ListClass(const ClassFolders& the_class);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_LISTING_H_
