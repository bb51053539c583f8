#ifndef PDARTS_PACK_PACK_H_
#define PDARTS_PACK_PACK_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// The quality of the JPEG images that Pack writes, on libjpeg's scale from 1 to 100.
inline constexpr int kPackedJpegQuality = 90;

struct PackOptions {
  std::string from;    ///< a folder in the layout of the dataset image_folder
  std::string to;      ///< the folder of the shards; Pack creates it
  int64_t side = 256;  ///< maximum length of the shorter side of an image in pixels; > 0
  int64_t images_per_shard = 1000;
  /// Called from time to time with the number of finished images and the number of all images.
  std::function<void(int64_t done, int64_t all)> progress;
};

/// The result of Pack.
struct PackReport {
  int64_t train_images = 0;
  int64_t test_images = 0;
  int64_t left_out = 0;  ///< number of unusable images
  int64_t shards = 0;    ///< number of shards, including `kept_shards`, which existed before
  int64_t kept_shards = 0;
};

/// Writes a folder of images into shards for the dataset image_shards: train-00000.tar, ...,
/// test-00000.tar, ..., and their index. An image whose shorter side is longer than `side` is
/// shrunk and encoded again. Other images are not changed (images::ShrinkImage). The order of the
/// images is random, but always the same, and classes alternate in it.
///
/// A shard gets its name when it is complete. If Pack was interrupted, another call keeps the
/// complete shards, and the folder ends with the same bytes as without the interruption. Unusable
/// images are left out with a warning, up to 1% of all images.
/// \error kNotFound, kInvalidArgument as FindLayout and ListSplit; kFailedPrecondition if `to`
/// holds shards of another folder, shards with another `side`, or shards that this function did not
/// write, or if another process packs into `to`; kDataLoss naming images if too many are unusable;
/// with the reason of the system if a file cannot be written.
absl::StatusOr<PackReport> Pack(const PackOptions& options);

}  // namespace pdarts

#endif  // PDARTS_PACK_PACK_H_
