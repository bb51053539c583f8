#include "pdarts/datasets/cifar/load.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include "ATen/core/Tensor.h"
#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/datasets/cifar/archive.h"
#include "pdarts/datasets/cifar/python_batch.h"

namespace pdarts::cifar {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNamed = 10;  // number of entries of a folder that a message names

/// The entries of a folder, sorted: "a, b, and 3 more".
std::string ContentOf(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (names.empty()) return "nothing";
  std::sort(names.begin(), names.end());
  return SomeOf(names, kNamed);
}

/// images: `[N,3,H,W]` uint8.
at::Tensor Resized(const at::Tensor& images, const ImageShape& shape) {
  if (images.size(2) == shape.height && images.size(3) == shape.width) return images;
  return at::_upsample_bilinear2d_aa(images, {shape.height, shape.width}, /*align_corners=*/false);
}

class Loader {
 public:
  Loader(const Published& published, std::string data_dir)
      : published_(published), data_dir_(std::move(data_dir)) {}

  /// Finds the version that exists.
  absl::Status Find() {
    if (data_dir_.empty()) return NotFound("no data folder is named");
    std::error_code error;
    if (!fs::is_directory(data_dir_, error)) {
      return NotFound(absl::StrCat("there is no folder ", data_dir_.string()));
    }
    for (const bool is_python : {false, true}) {
      folder_ = is_python ? published_.python_folder : published_.binary_folder;
      is_python_ = is_python;
      if (fs::is_directory(data_dir_ / folder_, error)) return absl::OkStatus();
    }
    is_archive_ = true;
    for (const bool is_python : {false, true}) {
      folder_ = is_python ? published_.python_folder : published_.binary_folder;
      is_python_ = is_python;
      if (fs::exists(data_dir_ / Archive(), error)) return absl::OkStatus();
    }
    return NotFound(absl::StrCat(data_dir_.string(), " holds none of ", published_.binary_folder,
                                 "/, ", published_.python_folder, "/, ", published_.binary_archive,
                                 " and ", published_.python_archive, "; it holds ",
                                 ContentOf(data_dir_)));
  }

  std::string source() const { return (data_dir_ / (is_archive_ ? Archive() : folder_)).string(); }

  /// Reads the files of these batches from the archive, if Find found an archive.
  absl::Status Unpack(const std::vector<Batch>& batches) {
    if (!is_archive_) return absl::OkStatus();
    std::map<std::string, int64_t> wanted;
    for (const Batch& batch : batches) wanted[NameOf(batch)] = MostBytes(batch.records);
    auto unpacked = ReadArchive(source(), wanted);
    if (absl::IsNotFound(unpacked.status())) return NotFound(unpacked.status().message());
    if (!unpacked.ok()) return unpacked.status();
    for (const Batch& batch : batches)
      unpacked_[PathOf(batch)] = std::move((*unpacked)[NameOf(batch)]);
    return absl::OkStatus();
  }

  /// `name` is the name of the split. Images are resized to `shape`.
  absl::StatusOr<std::shared_ptr<const SampleSource>> Read(absl::string_view name,
                                                           const std::vector<Batch>& batches,
                                                           const ImageShape& shape,
                                                           Sha256* checksum) const {
    std::vector<RecordFile> files;
    for (const Batch& batch : batches) files.push_back({PathOf(batch), batch.records});
    absl::StatusOr<Records> records =
        is_archive_ || is_python_
            ? ReadRecordsFrom([&](const RecordFile& file) { return RecordsOf(file); }, files,
                              published_.format, checksum)
            : ReadRecords(files, published_.format, checksum);
    if (absl::IsNotFound(records.status())) return NotFound(records.status().message());
    if (!records.ok()) return records.status();
    return MakeMemorySource(Resized(records->images, shape), std::move(records->labels),
                            absl::StrCat("the ", name, " split of ", source()));
  }

 private:
  const std::string& Archive() const {
    return is_python_ ? published_.python_archive : published_.binary_archive;
  }
  /// The name with its folder, as in the archive and in the data folder.
  std::string NameOf(const Batch& batch) const {
    return absl::StrCat(folder_, "/", is_python_ ? batch.python_name : batch.binary_name);
  }
  /// The path in messages.
  std::string PathOf(const Batch& batch) const {
    if (is_archive_) return absl::StrCat(source(), ": ", NameOf(batch));
    return (data_dir_ / NameOf(batch)).string();
  }
  int64_t MostBytes(int64_t records) const {
    if (is_python_) return MostPythonBytes(records);
    return records * (kImageBytes + static_cast<int64_t>(published_.format.labels.size()));
  }

  absl::StatusOr<std::string> RecordsOf(const RecordFile& file) const {
    if (is_archive_ && !is_python_) return unpacked_.at(file.path);
    std::string read;
    if (!is_archive_) {
      PDARTS_ASSIGN_OR_RETURN(read, ReadWhole(file.path, MostBytes(file.records)));
    }
    auto records = RecordsOfPythonBatch(is_archive_ ? unpacked_.at(file.path) : read, file.records,
                                        published_.format);
    if (!records.ok()) return Annotate(records.status(), file.path);
    return records;
  }

  absl::Status NotFound(absl::string_view what) const {
    return absl::NotFoundError(absl::StrCat(
        published_.title, ": ", what, ". Name the folder that holds ", published_.binary_folder,
        "/ by --data_dir, PDARTS_DATA_DIR or the spec's dataset.data_dir. `pdarts fetch ",
        published_.name, " --data_dir=DIR` gets the data; or put the binary or the Python version ",
        "from https://www.cs.toronto.edu/~kriz/cifar.html there, unpacked or as it is"));
  }

  const Published& published_;
  const fs::path data_dir_;
  std::string folder_;
  bool is_python_ = false;
  bool is_archive_ = false;
  std::map<std::string, std::string> unpacked_;  ///< files of the archive, by PathOf
};

}  // namespace

Published Cifar10() {
  Published published;
  published.name = "cifar10";
  published.title = "CIFAR-10";
  published.binary_folder = "cifar-10-batches-bin";
  published.python_folder = "cifar-10-batches-py";
  published.binary_archive = "cifar-10-binary.tar.gz";
  published.python_archive = "cifar-10-python.tar.gz";
  for (int i = 1; i <= 5; ++i) {
    const std::string name = absl::StrCat("data_batch_", i);
    published.train.push_back({absl::StrCat(name, ".bin"), name, 10000});
  }
  published.test = {{"test_batch.bin", "test_batch", 10000}};
  published.format = {{{"label", 10, "labels"}}, 0};
  return published;
}

Published Cifar100(bool coarse) {
  Published published;
  published.name = "cifar100";
  published.title = "CIFAR-100";
  published.binary_folder = "cifar-100-binary";
  published.python_folder = "cifar-100-python";
  published.binary_archive = "cifar-100-binary.tar.gz";
  published.python_archive = "cifar-100-python.tar.gz";
  published.train = {{"train.bin", "train", 50000}};
  published.test = {{"test.bin", "test", 10000}};
  published.format = {{{"coarse label", 20, "coarse_labels"}, {"fine label", 100, "fine_labels"}},
                      coarse ? 0 : 1};
  return published;
}

absl::StatusOr<DatasetSplits> Load(const Published& published, const DatasetInfo& info,
                                   const std::string& data_dir, bool test_only) {
  Loader loader(published, data_dir);
  PDARTS_RETURN_IF_ERROR(loader.Find());
  std::vector<Batch> batches = published.test;
  if (!test_only) batches.insert(batches.end(), published.train.begin(), published.train.end());
  PDARTS_RETURN_IF_ERROR(loader.Unpack(batches));
  Sha256 checksum;
  DatasetSplits splits;
  splits.info = info;
  splits.source = loader.source();
  if (!test_only) {
    PDARTS_ASSIGN_OR_RETURN(splits.train,
                            loader.Read("training", published.train, info.image, &checksum));
  }
  PDARTS_ASSIGN_OR_RETURN(splits.test, loader.Read("test", published.test, info.image, &checksum));
  splits.checksum = absl::StrCat("sha256:", checksum.Hex());
  return splits;
}

}  // namespace pdarts::cifar
