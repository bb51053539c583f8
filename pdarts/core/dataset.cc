#include "pdarts/core/dataset.h"

#include "absl/strings/str_cat.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

/// announced: the number of images that the dataset's info states; 0 if it states none.
absl::Status CheckSplit(const std::string& name, const ImageSplit& split, int64_t announced,
                        const DatasetInfo& info) {
  const at::Tensor& images = split.images;
  if (!images.defined() || images.scalar_type() != at::kByte || images.dim() != 4 ||
      images.size(1) != info.image.channels || images.size(2) != info.image.height ||
      images.size(3) != info.image.width || !images.is_contiguous()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": images must be contiguous uint8 [N,",
                                                   info.image.channels, ",", info.image.height, ",",
                                                   info.image.width, "]"));
  }
  if (announced > 0 && images.size(0) != announced) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", images.size(0), " images; the dataset announced ", announced));
  }
  const at::Tensor& labels = split.labels;
  if (!labels.defined() || labels.scalar_type() != at::kLong || labels.dim() != 1 ||
      labels.size(0) != images.size(0)) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": labels must be int64 [N]"));
  }
  const auto classes = static_cast<int64_t>(info.class_names.size());
  const auto values = labels.accessor<int64_t, 1>();
  for (int64_t i = 0; i < values.size(0); ++i) {
    if (values[i] < 0 || values[i] >= classes) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": label ", values[i], " of image ", i,
                                                     " is not in [0, ", classes, ")"));
    }
  }
  return absl::OkStatus();
}

/// What was read must be what was announced.
absl::Status CheckInfo(const DatasetInfo& read, const DatasetInfo& info) {
  const auto channels = static_cast<size_t>(info.image.channels);
  if (read.image.channels != info.image.channels || read.image.height != info.image.height ||
      read.image.width != info.image.width || read.class_names.size() != info.class_names.size() ||
      read.mean.size() != channels || read.deviation.size() != channels) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the dataset is not what it announced: ", info.class_names.size(), " classes of images [",
        info.image.channels, ",", info.image.height, ",", info.image.width, "]"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DatasetSplits> Dataset::Load(const LoadOptions& options) const {
  PDARTS_ASSIGN_OR_RETURN(DatasetSplits splits, DoLoad(options));
  if (splits.info.class_names.empty()) splits.info = info();
  PDARTS_RETURN_IF_ERROR(CheckInfo(splits.info, info()));
  PDARTS_RETURN_IF_ERROR(CheckSplit("training split", splits.train, info().train_images, info()));
  if (splits.train.labels.numel() == 0) {
    return absl::InvalidArgumentError("training split: no images");
  }
  PDARTS_RETURN_IF_ERROR(CheckSplit("test split", splits.test, info().test_images, info()));
  return splits;
}

}  // namespace pdarts
