#ifndef PDARTS_PACK_PACK_H_
#define PDARTS_PACK_PACK_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// The quality of the JPEG images that packing makes, on libjpeg's scale from 1 to 100.
inline constexpr int kPackedJpegQuality = 90;

struct PackOptions {
  std::string from;    ///< a folder as the dataset image_folder reads it
  std::string to;      ///< the folder of the shards; it is created
  int64_t side = 256;  ///< the shorter side of an image gets so many pixels at most; > 0
  int64_t images_per_shard = 1000;
  /// Called from time to time with the number of images that are done and of all.
  std::function<void(int64_t done, int64_t all)> progress;
};

/// What packing did.
struct PackReport {
  int64_t train_images = 0;
  int64_t test_images = 0;
  int64_t left_out = 0;  ///< images that can't be used
  int64_t shards = 0;    ///< of which `kept_shards` were there already
  int64_t kept_shards = 0;
};

/// Packs a folder of images into shards for the dataset image_shards: train-00000.tar, ...,
/// test-00000.tar, ..., and their index. Images are shrunk and encoded anew where their shorter
/// side is longer than `side`; others stay as they are (images::ShrinkImage). They come in a random
/// order, always the same one, in which classes alternate.
///
/// A shard appears under its name when it is complete. Packing again keeps complete shards, and
/// the folder ends with the same bytes as without the interruption. Images that can't be used are
/// left out with a warning, 1 % of all at most.
/// \error kNotFound, kInvalidArgument as FindLayout and ListSplit; kFailedPrecondition if `to`
/// holds shards of another folder or another side, or shards that this function did not make, or if
/// another process packs into it; kDataLoss naming images if too many can't be used; with the
/// system's reason if a file can't be written.
absl::StatusOr<PackReport> Pack(const PackOptions& options);

}  // namespace pdarts

#endif  // PDARTS_PACK_PACK_H_
