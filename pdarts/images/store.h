#ifndef PDARTS_IMAGES_STORE_H_
#define PDARTS_IMAGES_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pdarts::images {

/// Encoded images that lie somewhere, such as in files. All methods may be called from several
/// threads at once. index: in [0, size()).
class ImageStore {
 public:
  virtual ~ImageStore() = default;
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;

  virtual int64_t size() const = 0;
  /// All bytes of an image file.
  /// \error kNotFound or kDataLoss saying what is wrong, without the image's name.
  virtual absl::StatusOr<std::string> Read(int64_t index) const = 0;
  /// What a message calls the image: a path.
  virtual std::string Name(int64_t index) const = 0;
  /// The image's name that a copy of the data has too: a path in the folder that was opened.
  virtual std::string Key(int64_t index) const = 0;
  /// How many bytes Read gives; -1 if that is not known, because the file could not be looked at.
  virtual int64_t Bytes(int64_t index) const = 0;

 protected:
  ImageStore() = default;
};

/// Files below a folder. Their sizes are looked up now, and a file of another size is an error
/// later, because it was replaced while it is used.
/// \param paths each begins with `folder`.
std::unique_ptr<ImageStore> MakeFileStore(const std::string& folder,
                                          const std::vector<std::string>& paths);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_STORE_H_
