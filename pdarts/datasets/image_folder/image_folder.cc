#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/from_blob.h"
#include "ATen/ops/index_select.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "glog/logging.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/file.h"
#include "pdarts/core/memory_limits.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/sha256.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/terminal_text.h"
#include "pdarts/datasets/image_folder/decode.h"
#include "pdarts/datasets/image_folder/image_folder.pb.h"
#include "pdarts/datasets/image_folder/listing.h"
#include "pdarts/datasets/ordering.h"
#include "pdarts/datasets/statistics.h"
#include "pdarts/nn/kernels/parallel.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using image_folder::ImageFile;
using image_folder::ImageFolderConfig;
using image_folder::Listing;
using image_folder::RgbImage;

constexpr int64_t kChannels = 3;
constexpr size_t kNamed = 5;                     // files that a message names
constexpr uintmax_t kMaxFileBytes = 1ULL << 30;  // of one image

/// The first few of them, and how many more there are.
std::string SomeOf(const std::vector<std::string>& names) {
  const size_t shown = std::min(names.size(), kNamed);
  std::string text =
      absl::StrJoin(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", ");
  if (shown < names.size()) absl::StrAppend(&text, ", and ", names.size() - shown, " more");
  return text;
}

/// `[1,3,size,size]` uint8.
at::Tensor Resize(const RgbImage& image, int64_t size, ImageFolderConfig::Fit fit) {
  at::Tensor pixels =
      at::from_blob(image.pixels.get(), {1, image.height, image.width, kChannels}, at::kByte);
  if (fit == ImageFolderConfig::CROP) {
    const int64_t side = std::min(image.height, image.width);
    pixels =
        pixels.narrow(1, (image.height - side) / 2, side).narrow(2, (image.width - side) / 2, side);
  }
  return at::_upsample_bilinear2d_aa(pixels.permute({0, 3, 1, 2}), {size, size},
                                     /*align_corners=*/false);
}

class ImageFolder : public Dataset {
 public:
  explicit ImageFolder(ImageFolderConfig config, DatasetInfo info)
      : config_(std::move(config)), info_(std::move(info)) {}

  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    const fs::path folder = config_.folder().empty()
                                ? fs::path(options.data_dir)
                                : fs::path(options.data_dir) / config_.folder();
    if (folder.empty()) return NotFound("no folder is named");
    DatasetSplits splits;
    splits.source = folder.string();
    splits.info = info_;
    PDARTS_ASSIGN_OR_RETURN(splits.info.class_names, FindClasses(folder / "train"));
    PDARTS_ASSIGN_OR_RETURN(splits.train, LoadTrain(folder / "train", splits.info.class_names));
    PDARTS_ASSIGN_OR_RETURN(splits.test, LoadTest(folder / "test", splits.info.class_names));
    DatasetInfo computed;
    ComputeStatistics(splits.train.images, &computed);
    if (config_.mean().empty()) splits.info.mean = computed.mean;
    if (config_.deviation().empty()) splits.info.deviation = computed.deviation;
    Sha256 checksum;
    for (const at::Tensor& part :
         {splits.train.images, splits.train.labels, splits.test.images, splits.test.labels}) {
      checksum.Update({static_cast<const char*>(part.const_data_ptr()), part.nbytes()});
    }
    splits.checksum = absl::StrCat("sha256:", checksum.Hex());
    return splits;
  }

  absl::StatusOr<std::vector<std::string>> FindClasses(const fs::path& folder) const {
    auto classes = image_folder::ListClasses(folder.string());
    if (absl::IsNotFound(classes.status())) {
      return NotFound(std::string(classes.status().message()));
    }
    if (!classes.ok()) return classes;
    if (classes->empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder.string(), " holds no class folders, expected one a class, with the ",
                       "class's images in it"));
    }
    if (static_cast<int>(classes->size()) != config_.classes()) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder.string(), " holds ", classes->size(), " class folders (",
                       SomeOf(*classes), "), the spec's dataset.classes is ", config_.classes(),
                       ": set it to ", classes->size(), ", or take away what is no class"));
    }
    return classes;
  }

  absl::StatusOr<ImageSplit> LoadTrain(const fs::path& folder,
                                       const std::vector<std::string>& classes) const {
    PDARTS_ASSIGN_OR_RETURN(ImageSplit split, LoadSplit(folder, classes));
    const at::Tensor counts = split.labels.bincount({}, config_.classes());
    for (int c = 0; c < config_.classes(); ++c) {
      // One for each half of the training images.
      if (const int64_t count = counts.const_data_ptr<int64_t>()[c]; count < 2) {
        return absl::InvalidArgumentError(
            absl::StrCat((folder / classes[c]).string(), " holds ", count,
                         " readable images (.png, .jpg, .jpeg), expected at least 2"));
      }
    }
    return split;
  }

  /// No images where there is no folder.
  absl::StatusOr<ImageSplit> LoadTest(const fs::path& folder,
                                      const std::vector<std::string>& classes) const {
    const auto found = image_folder::ListClasses(folder.string());
    if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
    for (const std::string& name : found.ok() ? *found : std::vector<std::string>()) {
      if (!std::binary_search(classes.begin(), classes.end(), name)) {
        return absl::InvalidArgumentError(absl::StrCat((folder / name).string(),
                                                       " is no class of the training images; they ",
                                                       "are: ", SomeOf(classes)));
      }
    }
    return LoadSplit(folder, classes);
  }

  /// Reads the images of all classes, in the seeded order.
  absl::StatusOr<ImageSplit> LoadSplit(const fs::path& folder,
                                       const std::vector<std::string>& classes) const {
    PDARTS_ASSIGN_OR_RETURN(const Listing listing,
                            image_folder::ListImages(folder.string(), classes));
    if (!listing.others.empty()) {
      LOG(WARNING) << TerminalSafe(
          absl::StrCat(folder.string(),
                       ": left out what is no .png, .jpg or .jpeg file: ", SomeOf(listing.others)));
    }
    const auto count = static_cast<int64_t>(listing.files.size());
    const int64_t size = config_.image_size();
    // Once as they are read, once in their order.
    const int64_t bytes = 2 * count * kChannels * size * size;
    const std::optional<MemoryLimit> limit = TightestMemoryLimit();
    if (limit && bytes > limit->available_bytes) {
      return absl::ResourceExhaustedError(absl::StrFormat(
          "%s: %d images of %dx%d pixels take %d MB while they are put in order, %d MB are free "
          "(%s); a smaller dataset.image_size takes less",
          folder.string(), count, size, size, bytes / 1000000, limit->available_bytes / 1000000,
          limit->name));
    }
    const at::Tensor images = at::empty({count, kChannels, size, size}, at::kByte);
    const std::vector<absl::Status> statuses = ReadAll(listing.files, images);
    PDARTS_ASSIGN_OR_RETURN(const at::Tensor readable, Readable(folder, listing.files, statuses));

    const at::Tensor labels = at::empty({readable.size(0)}, at::kLong);
    for (int64_t i = 0; i < labels.size(0); ++i) {
      labels.mutable_data_ptr<int64_t>()[i] =
          listing.files[readable.const_data_ptr<int64_t>()[i]].label;
    }
    const at::Tensor order = AlternateClasses(
        labels, MakeGenerator(static_cast<uint64_t>(config_.seed()),
                              absl::StrCat("image_folder order ", folder.filename().string())));
    return ImageSplit{images.index_select(0, readable.index_select(0, order)),
                      labels.index_select(0, order)};
  }

  /// Reads every file into its row of `images`, and says how that went.
  std::vector<absl::Status> ReadAll(const std::vector<ImageFile>& files,
                                    const at::Tensor& images) const {
    std::vector<absl::Status> statuses(files.size());
    nn::ParallelFor(images.size(0), [&](int64_t, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        statuses[i] = Annotate(ReadImage(files[i].path, images.select(0, i)), files[i].path);
      }
    });
    return statuses;
  }

  /// to: `[3,size,size]`.
  absl::Status ReadImage(const std::string& path, const at::Tensor& to) const {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return absl::DataLossError("is not a regular file");
    if (fs::file_size(path, error) > kMaxFileBytes || error) {
      return absl::DataLossError("is larger than an image can be");
    }
    PDARTS_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
    PDARTS_ASSIGN_OR_RETURN(
        const RgbImage image,
        image_folder::DecodeImage(
            bytes, {config_.max_pixels(), /*enough=*/int64_t{2} * config_.image_size()}));
    to.copy_(Resize(image, config_.image_size(), config_.fit()).squeeze(0));
    return absl::OkStatus();
  }

  /// Indices `[N]` int64 of the files that could be read. \error kDataLoss naming some of the
  /// others if there are more of them than may be.
  absl::StatusOr<at::Tensor> Readable(const fs::path& folder, const std::vector<ImageFile>& files,
                                      const std::vector<absl::Status>& statuses) const {
    std::vector<int64_t> readable;
    std::vector<std::string> problems;
    for (size_t i = 0; i < files.size(); ++i) {
      if (statuses[i].ok()) {
        readable.push_back(static_cast<int64_t>(i));
      } else {
        problems.emplace_back(statuses[i].message());
      }
    }
    if (!problems.empty()) {
      const std::string message =
          absl::StrFormat("%s: %d of %d image files can't be read: %s", folder.string(),
                          problems.size(), files.size(), SomeOf(problems));
      const double share = static_cast<double>(problems.size()) / static_cast<double>(files.size());
      if (share > config_.max_unreadable_share()) {
        return absl::DataLossError(absl::StrCat(message, "; dataset.max_unreadable_share allows ",
                                                config_.max_unreadable_share(), " of them"));
      }
      LOG(WARNING) << TerminalSafe(message) << "; left out";
    }
    at::Tensor indices = at::empty({static_cast<int64_t>(readable.size())}, at::kLong);
    std::copy(readable.begin(), readable.end(), indices.mutable_data_ptr<int64_t>());
    return indices;
  }

  static absl::Status NotFound(const std::string& what) {
    return absl::NotFoundError(absl::StrCat(
        "image_folder: ", what,
        ". Put the training images into FOLDER/train/CLASS/*.png (or .jpg, ",
        ".jpeg), those for measuring, if any, into FOLDER/test/CLASS/, and name FOLDER by the ",
        "spec's dataset.folder, --data_dir or PDARTS_DATA_DIR"));
  }

  const ImageFolderConfig config_;
  const DatasetInfo info_;
};

const bool registered = Registry<Dataset>::Register<ImageFolderConfig>(
    "image_folder", "your own PNG and JPEG files, in a folder a class",
    [](const ImageFolderConfig& config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      DatasetInfo info;
      info.image = {kChannels, config.image_size(), config.image_size()};
      for (int c = 0; c < config.classes(); ++c) {
        info.class_names.push_back(absl::StrCat("class_", c));
      }
      info.mean.assign(kChannels, 0.5);
      info.deviation.assign(kChannels, 0.25);
      PDARTS_RETURN_IF_ERROR(TakeStatistics(config.mean(), config.deviation(), &info));
      return std::make_unique<ImageFolder>(config, std::move(info));
    });

}  // namespace
}  // namespace pdarts
