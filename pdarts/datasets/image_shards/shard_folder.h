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

/// Makes the index of a folder from the headers of all *.tar files in it. The index has no names of
/// classes. A shard holds test images if one of the words in its name is "test", "testing", "val",
/// "valid" or "validation". If there are both test shards and validation shards, the validation
/// shards are left out with a warning.
/// \error kNotFound if there is no such folder or no shard in it; as IndexTarShard.
absl::StatusOr<ShardIndex> IndexFolder(const std::string& folder);

/// Reads an index from its bytes. \error kDataLoss if the bytes are not an index, or if the index
/// contradicts itself.
absl::StatusOr<ShardIndex> ParseIndex(absl::string_view bytes);

/// The index of a folder. It is read from its file, or made by IndexFolder if there is no file.
/// \error kNotFound if there is no such folder, no shard in it, or if a shard of the index is
/// missing; kDataLoss naming a shard that is shorter than the index says, and the first incomplete
/// sample; kFailedPrecondition if a shard is longer, or if the folder holds shards that are not in
/// the index.
absl::StatusOr<ShardIndex> ReadIndex(const std::string& folder);

/// The training images or the test images of the folder. Each image is read from the file of its
/// shard, at the place in the index. The file is opened for each image.
StoredSplit SplitOf(const std::string& folder, const ShardIndex& index, bool is_test);

}  // namespace pdarts::image_shards

#endif  // PDARTS_DATASETS_IMAGE_SHARDS_SHARD_FOLDER_H_
