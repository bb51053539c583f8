#include "pdarts/datasets/image_shards/shard_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "glog/logging.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/base/text.h"
#include "pdarts/datasets/image_shards/tar_shard.h"
#include "pdarts/datasets/split_names.h"
#include "pdarts/images/store.h"

namespace pdarts::image_shards {
namespace {

namespace fs = std::filesystem;

/// The split of a shard: the first word of its name that is the name of a split.
NamedSplit SplitOfShard(const std::string& name) {
  const auto is_no_letter = [](char c) { return !absl::ascii_isalpha(c); };
  std::string words = name;
  std::replace_if(words.begin(), words.end(), is_no_letter, ' ');
  for (const absl::string_view word : absl::StrSplit(words, ' ', absl::SkipEmpty())) {
    if (const NamedSplit split = FindSplit(word); split != NamedSplit::kNone) return split;
  }
  return NamedSplit::kTrain;
}

absl::StatusOr<std::vector<std::string>> ShardsIn(const Directory& directory) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, directory.List());
  std::vector<std::string> shards;
  for (const std::string& name : names) {
    if (absl::EndsWith(name, ".tar") && !absl::StartsWith(name, ".")) shards.push_back(name);
  }
  if (shards.empty()) {
    return absl::NotFoundError(
        absl::StrCat(directory.path(), " holds no shards: files named *.tar"));
  }
  return shards;
}

absl::StatusOr<Directory> OpenFolder(const std::string& folder) {
  absl::StatusOr<Directory> directory = Directory::Open(folder);
  if (absl::IsNotFound(directory.status())) {
    return absl::NotFoundError(absl::StrCat("there is no folder ", folder));
  }
  return directory;
}

absl::StatusOr<FileDescriptor> OpenShard(const std::string& path) {
  return OpenRegularFile(AT_FDCWD, path, O_RDONLY, path);
}

/// \error as ReadIndex if the length of a shard differs from its length in the index.
absl::Status CheckLength(const ShardIndex::Shard& shard, const FileDescriptor& file,
                         const std::string& path) {
  struct stat status;
  if (fstat(file.number(), &status) != 0) return SystemError("read", path);
  const int64_t bytes = status.st_size;
  if (bytes == shard.bytes()) return absl::OkStatus();
  if (bytes > shard.bytes()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": has ", bytes, " bytes, and ", kIndexName, " says ", shard.bytes(),
                     ": remove the index if the shard was made again"));
  }
  for (int i = 0; i < shard.names_size(); ++i) {
    if (shard.offsets(i) + shard.sizes(i) <= bytes) continue;
    return absl::DataLossError(absl::StrCat(path, ": is cut off in sample ", shard.names(i),
                                            ": the archive has ", bytes, " bytes, expected ",
                                            shard.bytes()));
  }
  return absl::DataLossError(absl::StrCat(path, ": is cut off behind its last sample: it has ",
                                          bytes, " bytes, expected ", shard.bytes()));
}

class ShardStore : public images::ImageStore {
 public:
  ShardStore(std::string folder, const ShardIndex& index, bool is_test)
      : folder_(std::move(folder)) {
    for (const ShardIndex::Shard& shard : index.shards()) {
      if (shard.is_test() != is_test) continue;
      for (int i = 0; i < shard.names_size(); ++i) {
        records_.push_back({static_cast<int32_t>(shards_.size()), i});
      }
      shards_.push_back(shard);
    }
  }

  int64_t size() const override { return static_cast<int64_t>(records_.size()); }
  std::string Name(int64_t index) const override {
    return absl::StrCat(PathOf(ShardOf(index)), ": ", SampleName(index));
  }
  std::string Key(int64_t index) const override {
    return absl::StrCat(ShardOf(index).name(), "/", SampleName(index));
  }
  int64_t Bytes(int64_t index) const override {
    return ShardOf(index).sizes(records_[index].sample);
  }

  absl::StatusOr<std::string> Read(int64_t index) const override {
    const ShardIndex::Shard& shard = ShardOf(index);
    // The file is opened for each image, because a folder may have more shards than a process may
    // have open files.
    const std::string path = PathOf(shard);
    const absl::StatusOr<FileDescriptor> opened = OpenShard(path);
    if (absl::IsNotFound(opened.status()))
      return absl::NotFoundError("the shard does not exist any more");
    if (!opened.ok()) return absl::DataLossError(opened.status().message());
    const FileDescriptor& file = *opened;
    const absl::Status length = CheckLength(shard, file, path);
    if (!length.ok()) {
      return absl::DataLossError(
          absl::StrCat("the shard was changed while it is used: ", length.message()));
    }
    std::string bytes(Bytes(index), '\0');
    const int64_t begin = shard.offsets(records_[index].sample);
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t got = pread(file.number(), &bytes[done], bytes.size() - done,
                                begin + static_cast<int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return absl::DataLossError(SystemError("read", path).message());
      if (got == 0) return absl::DataLossError("is cut off while it is used");
      done += static_cast<size_t>(got);
    }
    return bytes;
  }

 private:
  struct Record {
    int32_t shard;
    int32_t sample;
  };

  const ShardIndex::Shard& ShardOf(int64_t index) const { return shards_[records_[index].shard]; }
  const std::string& SampleName(int64_t index) const {
    return ShardOf(index).names(records_[index].sample);
  }
  std::string PathOf(const ShardIndex::Shard& shard) const {
    return (fs::path(folder_) / shard.name()).string();
  }

  const std::string folder_;
  std::vector<ShardIndex::Shard> shards_;
  std::vector<Record> records_;
};

}  // namespace

absl::StatusOr<ShardIndex> IndexFolder(const std::string& folder) {
  PDARTS_ASSIGN_OR_RETURN(const Directory directory, OpenFolder(folder));
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, ShardsIn(directory));
  const auto holds = [&](NamedSplit split) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return SplitOfShard(name) == split; });
  };
  const bool leaves_validation = holds(NamedSplit::kTest) && holds(NamedSplit::kValidation);
  ShardIndex index;
  for (const std::string& name : names) {
    const NamedSplit split = SplitOfShard(name);
    if (split == NamedSplit::kValidation && leaves_validation) continue;
    const std::string path = directory.PathOf(name);
    PDARTS_ASSIGN_OR_RETURN(const FileDescriptor file, OpenShard(path));
    PDARTS_ASSIGN_OR_RETURN(*index.add_shards(), IndexTarShard(file, path));
    index.mutable_shards()->rbegin()->set_name(name);
    index.mutable_shards()->rbegin()->set_is_test(split != NamedSplit::kTrain);
  }
  if (leaves_validation) {
    LOG(WARNING) << TerminalSafe(absl::StrCat(
        folder, ": the validation shards are left out: networks are measured on the test shards"));
  }
  return index;
}

absl::StatusOr<ShardIndex> ParseIndex(absl::string_view bytes) {
  ShardIndex index;
  if (!index.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("is not an index of shards");
  }
  for (const ShardIndex::Shard& shard : index.shards()) {
    const int count = shard.names_size();
    if (shard.name().empty() || absl::StrContains(shard.name(), '/') || shard.bytes() < 0 ||
        shard.offsets_size() != count || shard.sizes_size() != count ||
        shard.labels_size() != count) {
      return absl::DataLossError(
          absl::StrCat("is not an index of shards: shard \"", shard.name(), "\" is not complete"));
    }
    for (int i = 0; i < count; ++i) {
      if (shard.offsets(i) < 0 || shard.sizes(i) < 0 || shard.offsets(i) > shard.bytes() ||
          shard.sizes(i) > shard.bytes() - shard.offsets(i) || shard.labels(i) < 0 ||
          (index.class_names_size() > 0 && shard.labels(i) >= index.class_names_size())) {
        return absl::DataLossError(absl::StrCat("is not an index of shards: sample ",
                                                shard.names(i), " of ", shard.name(),
                                                " has no place in the shard, or no class"));
      }
    }
  }
  return index;
}

absl::StatusOr<ShardIndex> ReadIndex(const std::string& folder) {
  PDARTS_ASSIGN_OR_RETURN(const Directory directory, OpenFolder(folder));
  const std::string path = directory.PathOf(kIndexName);
  const absl::StatusOr<std::string> bytes = directory.ReadFile(kIndexName);
  if (absl::IsNotFound(bytes.status())) {
    LOG(INFO) << TerminalSafe(absl::StrCat(folder, " has no ", kIndexName,
                                           ": the headers of all shards are read instead"));
    return IndexFolder(folder);
  }
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<ShardIndex> index = ParseIndex(*bytes);
  if (!index.ok()) return Annotate(index.status(), path);
  std::vector<std::string> known;
  for (const ShardIndex::Shard& shard : index->shards()) {
    known.push_back(shard.name());
    const std::string shard_path = directory.PathOf(shard.name());
    PDARTS_ASSIGN_OR_RETURN(const FileDescriptor file, OpenShard(shard_path));
    PDARTS_RETURN_IF_ERROR(CheckLength(shard, file, shard_path));
  }
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, ShardsIn(directory));
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) unknown.push_back(name);
  }
  if (!unknown.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " does not know these shards of the folder: ", SomeOf(unknown),
                     ": remove the index, and all shards are used"));
  }
  return index;
}

StoredSplit SplitOf(const std::string& folder, const ShardIndex& index, bool is_test) {
  StoredSplit split;
  split.name = is_test ? "test" : "train";
  split.where = folder;
  split.store = std::make_shared<ShardStore>(folder, index, is_test);
  for (const ShardIndex::Shard& shard : index.shards()) {
    if (shard.is_test() != is_test) continue;
    split.labels.insert(split.labels.end(), shard.labels().begin(), shard.labels().end());
  }
  return split;
}

}  // namespace pdarts::image_shards
