#ifndef PDARTS_IMAGES_LISTING_H_
#define PDARTS_IMAGES_LISTING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pdarts::images {

/// What lies in a folder, without what is hidden: names that begin with a dot, and the folder
/// `__MACOSX` that archives of macOS bring. Each list is sorted by ComposedName.
struct FolderContent {
  std::vector<std::string> images;   ///< paths of images, by IsImage
  std::vector<std::string> others;   ///< paths of what is neither an image nor a folder
  std::vector<std::string> folders;  ///< names of folders, as they are stored
};

/// Whether a file is to be read as an image: its content is that of an image (FindContent), or its
/// name ends as an image's does, such as ".jpg". So a damaged image is one too.
bool IsImage(const std::string& path);

/// Lists a folder, without what lies in the folders below.
/// \error kNotFound if there is no such folder; kFailedPrecondition if `folder` is a file;
/// kDataLoss if it can't be read. All name it.
absl::StatusOr<FolderContent> ListFolder(const std::string& folder);

/// A class: a name, and the folders that hold its images.
struct ClassFolders {
  std::string name;  ///< a ComposedName
  /// Paths. Several where a name is stored in composed and in decomposed form.
  std::vector<std::string> folders;
};

/// The classes that the folders in `content`, of the folder `folder`, are, sorted by name.
std::vector<ClassFolders> FindClasses(const std::string& folder, const FolderContent& content);

/// Lists a class's folders with all folders below them: `folders` is empty. Links to folders below
/// are not followed; they are among `others`. \error as ListFolder; kInvalidArgument naming a
/// class's folder that is a link to a folder which holds the link.
absl::StatusOr<FolderContent> ListClass(const ClassFolders& the_class);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_LISTING_H_
