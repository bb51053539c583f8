#ifndef PDARTS_DATASETS_IMAGE_SHARDS_SHARD_FOLDER_H_
#define PDARTS_DATASETS_IMAGE_SHARDS_SHARD_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/datasets/image_shards/shard_index.pb.h"
#include "pdarts/datasets/stored_images.h"

namespace pdarts::image_shards {

/// The name of the index in a folder of shards.
inline constexpr char kIndexName[] = "index.binpb";

/// Makes the index of a folder by reading the headers of all *.tar files in it, without class
/// names. A shard whose name has "test", "testing", "val", "valid" or "validation" among its words
/// is for measuring; if there are shards of both, those of the latter three are left out with a
/// warning.
/// \error kNotFound if there is no such folder or no shard in it; as IndexTarShard.
absl::StatusOr<ShardIndex> IndexFolder(const std::string& folder);

/// The bytes of an index. \error kDataLoss if they are no index, or one that contradicts itself.
absl::StatusOr<ShardIndex> ParseIndex(absl::string_view bytes);

/// The folder's index, from its file or else by IndexFolder.
/// \error kNotFound if there is no such folder, no shard in it, or a shard of the index is missing;
/// kDataLoss naming a shard that is shorter than the index says, and the first sample that is not
/// whole; kFailedPrecondition if a shard is longer, or the folder holds shards that the index does
/// not know.
absl::StatusOr<ShardIndex> ReadIndex(const std::string& folder);

/// The training images of the folder, or those for measuring. Each image is read from the file of
/// its shard, which is opened for it, at the place that the index names.
StoredSplit SplitOf(const std::string& folder, const ShardIndex& index, bool is_test);

}  // namespace pdarts::image_shards

#endif  // PDARTS_DATASETS_IMAGE_SHARDS_SHARD_FOLDER_H_
