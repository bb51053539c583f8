#ifndef PDARTS_IMAGES_STORE_H_
#define PDARTS_IMAGES_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pdarts::images {

/// A set of encoded images, for example in files. All methods may be called by several threads at
/// once. `index` is in [0, size()).
class ImageStore {
 public:
  virtual ~ImageStore() = default;
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;

  virtual int64_t size() const = 0;
  /// All bytes of an image file.
  /// \error kNotFound or kDataLoss saying what is wrong, without the name of the image.
  virtual absl::StatusOr<std::string> Read(int64_t index) const = 0;
  /// The name of the image in messages: a path.
  virtual std::string Name(int64_t index) const = 0;
  /// A name of the image that is the same in a copy of the data: a path relative to the opened
  /// folder.
  virtual std::string Key(int64_t index) const = 0;
  /// The number of bytes that Read returns; -1 if it is unknown, because the file could not be
  /// examined.
  virtual int64_t Bytes(int64_t index) const = 0;

 protected:
  ImageStore() = default;
};

/// The image files below a folder. Their sizes are stored now. If a file has another size when it
/// is read, it was replaced, and this is an error.
/// \param paths each begins with `folder`.
std::unique_ptr<ImageStore> MakeFileStore(const std::string& folder,
                                          const std::vector<std::string>& paths);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_STORE_H_
