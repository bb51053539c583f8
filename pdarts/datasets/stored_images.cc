#include "pdarts/datasets/stored_images.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "ATen/ops/empty.h"
#include "ATen/ops/index_select.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/span.h"
#include "glog/logging.h"
#include "pdarts/base/memory_limits.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/base/text.h"
#include "pdarts/core/random.h"
#include "pdarts/datasets/ordering.h"
#include "pdarts/datasets/statistics.h"
#include "pdarts/images/sample.h"
#include "pdarts/images/square.h"

namespace pdarts {
namespace {

constexpr int64_t kChannels = 3;

at::Tensor TensorOf(const std::vector<int64_t>& values) {
  const at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<int64_t>());
  return tensor;
}

absl::Span<const int64_t> SpanOf(const at::Tensor& values) {
  return {values.const_data_ptr<int64_t>(), static_cast<size_t>(values.numel())};
}

/// Images in an image store that are read when they are needed.
class StoredSource : public SampleSource {
 public:
  /// \param order `[N]` int64: the index of each image in the store.
  /// \param labels `[N]` int64, in the same order.
  StoredSource(std::shared_ptr<const images::ImageStore> store, at::Tensor order, at::Tensor labels,
               int64_t max_pixels)
      : store_(std::move(store)),
        order_(std::move(order)),
        labels_(std::move(labels)),
        max_pixels_(max_pixels) {}

  int64_t size() const override { return labels_.numel(); }
  const at::Tensor& labels() const override { return labels_; }
  absl::StatusOr<std::unique_ptr<Sample>> Open(int64_t index) const override {
    PDARTS_ASSIGN_OR_RETURN(std::string bytes, store_->Read(SpanOf(order_)[index]));
    return images::OpenSample(std::move(bytes), max_pixels_);
  }
  std::string Name(int64_t index) const override { return store_->Name(SpanOf(order_)[index]); }
  std::string Identity(int64_t index) const override {
    const int64_t record = SpanOf(order_)[index];
    return absl::StrCat(store_->Key(record), " ", store_->Bytes(record));
  }

 private:
  const std::shared_ptr<const images::ImageStore> store_;
  const at::Tensor order_;
  const at::Tensor labels_;
  const int64_t max_pixels_;
};

/// Images in an image store that were read into memory.
class ReadSource : public SampleSource {
 public:
  /// \param images as for MakeMemorySource.
  /// \param order, labels as for StoredSource.
  ReadSource(std::shared_ptr<const images::ImageStore> store, at::Tensor order, at::Tensor images,
             at::Tensor labels)
      : store_(std::move(store)),
        order_(std::move(order)),
        images_(MakeMemorySource(std::move(images), std::move(labels), /*name=*/"")) {}

  int64_t size() const override { return images_->size(); }
  const at::Tensor& labels() const override { return images_->labels(); }
  at::Tensor InMemory() const override { return images_->InMemory(); }
  absl::StatusOr<std::unique_ptr<Sample>> Open(int64_t index) const override {
    return images_->Open(index);
  }
  std::string Name(int64_t index) const override { return store_->Name(SpanOf(order_)[index]); }

 private:
  const std::shared_ptr<const images::ImageStore> store_;
  const at::Tensor order_;
  const std::shared_ptr<const SampleSource> images_;
};

/// Indices `[N]` int64 of the usable images. \error kDataLoss naming some of the unusable images if
/// there are more than allowed.
absl::StatusOr<at::Tensor> Usable(const StoredImageSettings& settings, const StoredSplit& split,
                                  const std::vector<absl::Status>& statuses) {
  std::vector<int64_t> usable;
  std::vector<std::string> problems;
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i].ok()) {
      usable.push_back(static_cast<int64_t>(i));
    } else {
      problems.emplace_back(statuses[i].message());
    }
  }
  for (const std::string& name : split.loose) {
    problems.push_back(absl::StrCat(name, ": lies in no class folder"));
  }
  if (!problems.empty()) {
    for (const std::string& problem : problems) VLOG(1) << TerminalSafe(problem);
    const size_t all = statuses.size() + split.loose.size();
    const std::string message =
        absl::StrFormat("%s: %d of %d images cannot be used: %s%s", split.where, problems.size(),
                        all, SomeOf(problems), problems.size() > 5 ? " (--v=1 names all)" : "");
    const double share = static_cast<double>(problems.size()) / static_cast<double>(all);
    if (share > settings.max_unreadable_share) {
      return absl::DataLossError(absl::StrCat(message, "; dataset.max_unreadable_share allows ",
                                              settings.max_unreadable_share, " of them"));
    }
    LOG(WARNING) << TerminalSafe(absl::StrCat(message, "; left out"));
  }
  return TensorOf(usable);
}

/// The order of images with these labels.
at::Tensor OrderOf(const StoredImageSettings& settings, const StoredSplit& split,
                   const at::Tensor& labels) {
  return AlternateClasses(
      labels, MakeGenerator(settings.seed, absl::StrCat(settings.dataset, " order ", split.name)));
}

int64_t BytesAsSquares(const StoredImageSettings& settings, int64_t images) {
  return images * kChannels * settings.image_size * settings.image_size;
}

images::SquareOptions SquareOptionsOf(const StoredImageSettings& settings) {
  return {settings.image_size, settings.fit, settings.max_pixels};
}

absl::StatusOr<std::shared_ptr<const SampleSource>> ReadIntoMemory(
    const StoredImageSettings& settings, const StoredSplit& split) {
  const int64_t count = split.store->size(), size = settings.image_size;
  // The images are in memory twice: once as they are read, and once in their order.
  const int64_t bytes = 2 * BytesAsSquares(settings, count);
  const std::optional<MemoryLimit> limit = TightestMemoryLimit();
  if (limit && bytes > limit->available_bytes) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "%s: %d images of %dx%d pixels take %d MB while they are put in order, %d MB are free "
        "(%s); a smaller dataset.image_size takes less, and a smaller dataset.memory_megabytes "
        "leaves them in their files",
        split.where, count, size, size, bytes / 1000000, limit->available_bytes / 1000000,
        limit->name));
  }
  const at::Tensor images = at::empty({count, kChannels, size, size}, at::kByte);
  std::vector<int64_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  const std::vector<absl::Status> statuses =
      images::ReadSquares(*split.store, all, SquareOptionsOf(settings), images);
  PDARTS_ASSIGN_OR_RETURN(const at::Tensor usable, Usable(settings, split, statuses));
  const at::Tensor labels = TensorOf(split.labels).index_select(0, usable);
  const at::Tensor order = OrderOf(settings, split, labels);
  const at::Tensor records = usable.index_select(0, order);
  return std::make_shared<ReadSource>(split.store, records, images.index_select(0, records),
                                      labels.index_select(0, order));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const SampleSource>> OpenStoredSplit(
    const StoredImageSettings& settings, const StoredSplit& split) {
  CHECK_EQ(split.store->size(), static_cast<int64_t>(split.labels.size()));
  if (BytesAsSquares(settings, split.store->size()) <= settings.memory_bytes) {
    return ReadIntoMemory(settings, split);
  }
  // All images count as usable here, except those that are known to be unusable.
  const std::vector<absl::Status> statuses(split.labels.size());
  PDARTS_RETURN_IF_ERROR(Usable(settings, split, statuses).status());
  const at::Tensor labels = TensorOf(split.labels);
  const at::Tensor order = OrderOf(settings, split, labels);
  return std::make_shared<StoredSource>(split.store, order, labels.index_select(0, order),
                                        settings.max_pixels);
}

absl::Status ComputeStoredStatistics(const StoredImageSettings& settings, const StoredSplit& split,
                                     const SampleSource& source, DatasetInfo* info) {
  if (source.InMemory().defined()) {
    ComputeStatistics(source.InMemory(), info);
    return absl::OkStatus();
  }
  const at::Tensor order = OrderOf(settings, split, TensorOf(split.labels));
  const absl::Span<const int64_t> first = SpanOf(order).subspan(0, kImagesForStatistics);
  const at::Tensor images = at::empty(
      {static_cast<int64_t>(first.size()), kChannels, settings.image_size, settings.image_size},
      at::kByte);
  const std::vector<absl::Status> statuses =
      images::ReadSquares(*split.store, first, SquareOptionsOf(settings), images);
  StoredSplit part = split;
  part.loose.clear();
  PDARTS_ASSIGN_OR_RETURN(const at::Tensor usable, Usable(settings, part, statuses));
  if (usable.numel() == 0) {
    return absl::DataLossError(absl::StrCat(split.where, ": no image can be read"));
  }
  ComputeStatistics(images.index_select(0, usable), info);
  return absl::OkStatus();
}

absl::Status OpenStoredSplits(const StoredImageSettings& settings, const StoredSplit* train,
                              const StoredSplit& test, bool keep_train, bool needs_mean,
                              bool needs_deviation, DatasetSplits* splits) {
  Sha256 checksum;
  if (train != nullptr) {
    PDARTS_ASSIGN_OR_RETURN(std::shared_ptr<const SampleSource> source,
                            OpenStoredSplit(settings, *train));
    if (keep_train) source->AddTo(&checksum);
    if (source->size() == 0 && !keep_train) {
      return absl::InvalidArgumentError(
          absl::StrCat(train->where, " holds no image that dataset.mean and dataset.deviation ",
                       "can be computed from"));
    }
    if ((needs_mean || needs_deviation) && source->size() > 0) {
      DatasetInfo computed;
      PDARTS_RETURN_IF_ERROR(ComputeStoredStatistics(settings, *train, *source, &computed));
      if (needs_mean) splits->info.mean = computed.mean;
      if (needs_deviation) splits->info.deviation = computed.deviation;
    }
    if (keep_train) splits->train = std::move(source);
  }
  PDARTS_ASSIGN_OR_RETURN(splits->test, OpenStoredSplit(settings, test));
  splits->test->AddTo(&checksum);
  splits->checksum = absl::StrCat("sha256:", checksum.Hex());
  return absl::OkStatus();
}

absl::Status CheckEveryClassHasImages(const StoredSplit& train, const DatasetSplits& splits) {
  const std::vector<std::string>& names = splits.info.class_names;
  std::vector<int64_t> counts(names.size());
  for (const int64_t label : SpanOf(splits.train->labels())) ++counts[label];
  for (size_t c = 0; c < names.size(); ++c) {
    const std::string name = absl::StrCat(train.where, "/", names[c]);
    if (counts[c] == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " holds no image that can be used, expected at least 1"));
    }
    if (counts[c] == 1) {
      LOG(WARNING) << TerminalSafe(
          absl::StrCat(name, " holds 1 image: a search cuts the training images into two halves, ",
                       "and one of them has none of this class"));
    }
  }
  return absl::OkStatus();
}

}  // namespace pdarts
