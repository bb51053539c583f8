#ifndef PDARTS_DATASETS_IMAGE_SHARDS_TAR_SHARD_H_
#define PDARTS_DATASETS_IMAGE_SHARDS_TAR_SHARD_H_

#include <string>

#include "absl/status/statusor.h"
#include "pdarts/core/file.h"
#include "pdarts/datasets/image_shards/shard_index.pb.h"

namespace pdarts::image_shards {

/// Reads the headers of a tar archive in WebDataset's convention. Files that follow each other and
/// whose names are equal up to the first dot are a sample. A sample has an image (.jpg, .jpeg, .png
/// or .webp; upper case is the same) and its class, a whole number from 0, in a file .cls. Other
/// files are left out.
/// \param file an open regular file, which is read from its beginning.
/// \param path names it in errors.
/// \return bytes, names, offsets, sizes and labels.
/// \error kDataLoss naming the shard, and the sample where there is one: it is no tar archive, is
/// damaged, or cut off; a sample has no class or two images.
absl::StatusOr<ShardIndex::Shard> IndexTarShard(const FileDescriptor& file,
                                                const std::string& path);

}  // namespace pdarts::image_shards

#endif  // PDARTS_DATASETS_IMAGE_SHARDS_TAR_SHARD_H_
