#ifndef PDARTS_DATASETS_IMAGE_SHARDS_TAR_SHARD_H_
#define PDARTS_DATASETS_IMAGE_SHARDS_TAR_SHARD_H_

#include <string>

#include "absl/status/statusor.h"
#include "pdarts/base/file.h"
#include "pdarts/datasets/image_shards/shard_index.pb.h"

namespace pdarts::image_shards {

/// Reads the headers of a tar archive that follows the convention of WebDataset. A sample consists
/// of consecutive files whose names are equal up to the first dot. A sample has an image (.jpg,
/// .jpeg, .png or .webp, in upper or lower case) and a file .cls with its class, a whole number
/// from 0. Other files are ignored.
/// \param file an open regular file, which is read from its beginning.
/// \param path the name of the file in errors.
/// \return bytes, names, offsets, sizes and labels.
/// \error kDataLoss naming the shard and, if possible, the sample: the file is not a tar archive,
/// is damaged or is cut off; or a sample has no class or two images.
absl::StatusOr<ShardIndex::Shard> IndexTarShard(const FileDescriptor& file,
                                                const std::string& path);

}  // namespace pdarts::image_shards

#endif  // PDARTS_DATASETS_IMAGE_SHARDS_TAR_SHARD_H_
