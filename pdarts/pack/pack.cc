#include "pdarts/pack/pack.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "ATen/ops/empty.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/span.h"
#include "glog/logging.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/base/text.h"
#include "pdarts/core/random.h"
#include "pdarts/datasets/image_folder/layout.h"
#include "pdarts/datasets/image_shards/shard_folder.h"
#include "pdarts/datasets/image_shards/shard_index.pb.h"
#include "pdarts/datasets/ordering.h"
#include "pdarts/images/shrink.h"
#include "pdarts/images/store.h"
#include "pdarts/nn/kernels/parallel.h"
#include "pdarts/pack/pack_plan.pb.h"
#include "pdarts/pack/shard_writer.h"
#include "pdarts/runs/run_lock.h"

namespace pdarts {
namespace {

using image_folder::FindLayout;
using image_folder::ImageFile;
using image_folder::Layout;
using image_folder::ListSplit;
using image_folder::SplitFolder;
using image_shards::ShardIndex;
using pack::PackPlan;

constexpr char kPlanName[] = "pack.textproto";
constexpr char kLockName[] = ".pack.lock";
constexpr int64_t kMaxPixels = 1000000000;
/// The maximum number of images in memory.
constexpr int64_t kChunk = 64;
constexpr double kMaxUnusableShare = 0.01;

void Warn(const std::string& text) { LOG(WARNING) << TerminalSafe(text); }

/// The images of a split, in their order in the shards.
struct PackedSplit {
  std::string name;
  std::unique_ptr<images::ImageStore> store;
  std::vector<int64_t> order;   ///< indices in the image store
  std::vector<int64_t> labels;  ///< label of each image in the image store
};

absl::StatusOr<PackedSplit> ListImages(const std::string& name, const SplitFolder& folder,
                                       const std::vector<std::string>& classes) {
  PackedSplit split;
  split.name = name;
  PDARTS_ASSIGN_OR_RETURN(const image_folder::Listing listing, ListSplit(folder, classes));
  if (!listing.others.empty()) {
    Warn(absl::StrCat(folder.path,
                      ": left out files that are not images: ", SomeOf(listing.others)));
  }
  if (!folder.loose.empty()) {
    Warn(absl::StrCat(folder.path, ": left out images in no class folder: ", SomeOf(folder.loose)));
  }
  std::vector<std::string> paths;
  const at::Tensor labels = at::empty({static_cast<int64_t>(listing.files.size())}, at::kLong);
  for (const ImageFile& file : listing.files) {
    labels.mutable_data_ptr<int64_t>()[paths.size()] = file.label;
    paths.push_back(file.path);
    split.labels.push_back(file.label);
  }
  split.store = images::MakeFileStore(folder.path, paths);
  const at::Tensor order =
      AlternateClasses(labels, MakeGenerator(/*seed=*/1, absl::StrCat("pack order ", name)));
  split.order.assign(order.const_data_ptr<int64_t>(),
                     order.const_data_ptr<int64_t>() + order.numel());
  return split;
}

class Packer {
 public:
  explicit Packer(const PackOptions& options) : options_(options) {}

  absl::StatusOr<PackReport> Run() {
    PDARTS_RETURN_IF_ERROR(FindImages());
    PDARTS_ASSIGN_OR_RETURN(const Directory directory, Directory::Create(options_.to));
    PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<RunLock> lock,
                            RunLock::Take(directory, kLockName));
    PDARTS_RETURN_IF_ERROR(KeepPlan(directory));
    for (const PackedSplit& split : splits_) {
      PDARTS_RETURN_IF_ERROR(PackSplit(directory, split));
    }
    PDARTS_RETURN_IF_ERROR(WriteIndex(directory));
    return report_;
  }

 private:
  absl::Status FindImages() {
    PDARTS_ASSIGN_OR_RETURN(const Layout layout, FindLayout(options_.from));
    for (const std::string& note : layout.notes) Warn(note);
    if (layout.train.path.empty()) {
      return absl::NotFoundError(absl::StrCat(
          options_.from, " holds no training images: a folder train/ of class folders"));
    }
    std::vector<std::string> classes;
    for (const auto& the_class : layout.train.classes) classes.push_back(the_class.name);
    const std::vector<std::pair<std::string, const SplitFolder*>> folders = {
        {"train", &layout.train}, {"test", &layout.test}};
    for (const auto& [name, folder] : folders) {
      if (folder->path.empty()) continue;
      PDARTS_ASSIGN_OR_RETURN(PackedSplit split, ListImages(name, *folder, classes));
      all_ += split.store->size();
      splits_.push_back(std::move(split));
    }
    if (splits_[0].order.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(layout.train.path, " holds no images in class folders"));
    }
    plan_.set_side(static_cast<int>(options_.side));
    plan_.set_jpeg_quality(kPackedJpegQuality);
    plan_.set_images_per_shard(static_cast<int>(options_.images_per_shard));
    plan_.set_train_images(static_cast<int>(splits_[0].order.size()));
    plan_.set_test_images(splits_.size() == 1 ? 0 : static_cast<int>(splits_[1].order.size()));
    for (const std::string& name : classes) plan_.add_class_names(name);
    Sha256 checksum;
    for (const PackedSplit& split : splits_) {
      for (const int64_t index : split.order) {
        checksum.Update(absl::StrCat(split.name, " ", split.labels[index], " ",
                                     split.store->Bytes(index), " ", split.store->Key(index),
                                     "\n"));
      }
    }
    plan_.set_images_sha256(checksum.Hex());
    return absl::OkStatus();
  }

  /// Writes the plan, or checks that the existing plan is the same.
  absl::Status KeepPlan(const Directory& directory) const {
    const absl::StatusOr<std::string> text = directory.ReadFile(kPlanName);
    if (absl::IsNotFound(text.status())) {
      PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, directory.List());
      for (const std::string& name : names) {
        if (absl::EndsWith(name, ".tar")) {
          return absl::FailedPreconditionError(
              absl::StrCat(directory.PathOf(name), " was not made by pdarts pack (there is no ",
                           kPlanName, "): name an empty folder by --to"));
        }
      }
      std::string written;
      CHECK(google::protobuf::TextFormat::PrintToString(plan_, &written));
      return WriteFileAtomically(directory, kPlanName, written);
    }
    if (!text.ok()) return text.status();
    PackPlan found;
    if (google::protobuf::TextFormat::ParseFromString(*text, &found) &&
        google::protobuf::util::MessageDifferencer::Equals(found, plan_)) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(absl::StrCat(
        options_.to,
        " holds shards of another folder, of a folder that has changed, or of another ", "--side (",
        directory.PathOf(kPlanName), " has side ", found.side(), " and ", found.train_images(),
        " + ", found.test_images(), " images, expected side ", plan_.side(), " and ",
        plan_.train_images(), " + ", plan_.test_images(),
        "): name an empty folder by --to, or remove this one"));
  }

  absl::Status PackSplit(const Directory& directory, const PackedSplit& split) {
    const auto count = static_cast<int64_t>(split.order.size());
    for (int64_t first = 0; first < count; first += options_.images_per_shard) {
      const int64_t number = first / options_.images_per_shard;
      const int64_t images = std::min(options_.images_per_shard, count - first);
      const std::string name = absl::StrFormat("%s-%05d.tar", split.name, number);
      PDARTS_ASSIGN_OR_RETURN(const bool is_there, directory.Holds(name));
      ++report_.shards;
      if (is_there) {
        ++report_.kept_shards;
        Progress(images);
      } else {
        PDARTS_RETURN_IF_ERROR(WriteShard(directory, name, split, first, images));
      }
    }
    return absl::OkStatus();
  }

  absl::Status WriteShard(const Directory& directory, const std::string& name,
                          const PackedSplit& split, int64_t first, int64_t images) {
    PDARTS_ASSIGN_OR_RETURN(ShardWriter writer, ShardWriter::Begin(directory, name));
    for (int64_t begin = first; begin < first + images; begin += kChunk) {
      const int64_t size = std::min(kChunk, first + images - begin);
      std::vector<absl::StatusOr<images::ShrunkImage>> shrunk(size);
      nn::ParallelFor(size, [&](int64_t, int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) shrunk[i] = Shrink(split, split.order[begin + i]);
      });
      for (int64_t i = 0; i < size; ++i) {
        const int64_t index = split.order[begin + i];
        if (!shrunk[i].ok()) {
          PDARTS_RETURN_IF_ERROR(LeaveOut(shrunk[i].status(), split.store->Name(index)));
          continue;
        }
        PDARTS_RETURN_IF_ERROR(writer.Add(absl::StrFormat("%07d", begin + i), shrunk[i]->ending,
                                          shrunk[i]->bytes, split.labels[index]));
      }
      Progress(size);
    }
    return writer.Finish();
  }

  absl::StatusOr<images::ShrunkImage> Shrink(const PackedSplit& split, int64_t index) const {
    PDARTS_ASSIGN_OR_RETURN(std::string bytes, split.store->Read(index));
    return images::ShrinkImage(std::move(bytes), options_.side, kPackedJpegQuality, kMaxPixels);
  }

  /// An unusable image is left out. If a file has disappeared, this is an error, because the folder
  /// is being changed.
  absl::Status LeaveOut(const absl::Status& status, const std::string& name) {
    if (absl::IsNotFound(status)) return Annotate(status, name);
    unusable_.push_back(absl::StrCat(name, ": ", status.message()));
    Warn(absl::StrCat(unusable_.back(), "; left out"));
    return absl::OkStatus();
  }

  void Progress(int64_t images) {
    done_ += images;
    if (options_.progress != nullptr) options_.progress(done_, all_);
  }

  absl::Status WriteIndex(const Directory& directory) {
    PDARTS_ASSIGN_OR_RETURN(ShardIndex index, image_shards::IndexFolder(options_.to));
    *index.mutable_class_names() = plan_.class_names();
    for (const ShardIndex::Shard& shard : index.shards()) {
      (shard.is_test() ? report_.test_images : report_.train_images) += shard.names_size();
    }
    report_.left_out = all_ - report_.train_images - report_.test_images;
    if (static_cast<double>(report_.left_out) > kMaxUnusableShare * static_cast<double>(all_)) {
      return absl::DataLossError(absl::StrCat(
          options_.from, ": ", report_.left_out, " of ", all_, " images cannot be used",
          unusable_.empty() ? "" : absl::StrCat(": ", SomeOf(unusable_)),
          "; 1% of them is allowed. Remove or mend them, and pack into an empty folder"));
    }
    return WriteFileAtomically(directory, image_shards::kIndexName, index.SerializeAsString());
  }

  const PackOptions& options_;
  std::vector<PackedSplit> splits_;  ///< train, and test if it exists
  PackPlan plan_;
  int64_t all_ = 0;
  int64_t done_ = 0;
  std::vector<std::string> unusable_;
  PackReport report_;
};

}  // namespace

absl::StatusOr<PackReport> Pack(const PackOptions& options) {
  CHECK(options.side > 0 && options.images_per_shard > 0);
  return Packer(options).Run();
}

}  // namespace pdarts
