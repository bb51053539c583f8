// Input: shards of images, which are tar archives that follow the convention of WebDataset, and
// their index.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/base/file.h"
#include "pdarts/datasets/image_shards/shard_folder.h"
#include "pdarts/datasets/image_shards/shard_index.pb.h"
#include "pdarts/datasets/image_shards/tar_shard.h"

namespace {

/// Checks that every sample is within its shard.
void CheckShard(const pdarts::image_shards::ShardIndex::Shard& shard) {
  CHECK_EQ(shard.offsets_size(), shard.names_size());
  CHECK_EQ(shard.sizes_size(), shard.names_size());
  CHECK_EQ(shard.labels_size(), shard.names_size());
  for (int i = 0; i < shard.names_size(); ++i) {
    CHECK_GE(shard.offsets(i), 0);
    CHECK_GE(shard.sizes(i), 0);
    CHECK_LE(shard.offsets(i), shard.bytes());
    CHECK_LE(shard.sizes(i), shard.bytes() - shard.offsets(i));
    CHECK_GE(shard.labels(i), 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto index = pdarts::image_shards::ParseIndex(bytes); index.ok()) {
    for (const auto& shard : index->shards()) CheckShard(shard);
  }
  const pdarts::FileDescriptor file(memfd_create("shard", 0));
  PCHECK(file.is_open());
  PCHECK(write(file.number(), data, size) == static_cast<ssize_t>(size));
  if (const auto shard = pdarts::image_shards::IndexTarShard(file, "shard"); shard.ok()) {
    CheckShard(*shard);
  }
  return 0;
}
