#include "pdarts/core/dataset.h"

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/empty.h"
#include "ATen/ops/index_select.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"

namespace pdarts {
namespace {

/// Images in memory.
class MemorySource : public SampleSource {
 public:
  MemorySource(at::Tensor images, at::Tensor labels, std::string name)
      : images_(std::move(images)), labels_(std::move(labels)), name_(std::move(name)) {}

  int64_t size() const override { return images_.size(0); }
  const at::Tensor& labels() const override { return labels_; }
  at::Tensor InMemory() const override { return images_; }
  absl::StatusOr<std::unique_ptr<Sample>> Open(int64_t index) const override {
    return std::make_unique<View>(images_[index]);
  }
  std::string Name(int64_t index) const override {
    return absl::StrCat("image ", index, " of ", name_);
  }

 private:
  class View : public Sample {
   public:
    explicit View(at::Tensor image) : image_(std::move(image)) {}
    int64_t width() const override { return image_.size(2); }
    int64_t height() const override { return image_.size(1); }
    absl::StatusOr<at::Tensor> Decode(const PixelRegion& region, int64_t /*min_height*/,
                                      int64_t /*min_width*/) const override {
      return image_.narrow(1, region.top, region.height).narrow(2, region.left, region.width);
    }

   private:
    const at::Tensor image_;  ///< `[C,H,W]`
  };

  const at::Tensor images_;
  const at::Tensor labels_;
  const std::string name_;
};

/// Another source with other labels.
class RelabeledSource : public SampleSource {
 public:
  RelabeledSource(std::shared_ptr<const SampleSource> source, at::Tensor labels)
      : source_(std::move(source)), labels_(std::move(labels)) {}

  int64_t size() const override { return source_->size(); }
  const at::Tensor& labels() const override { return labels_; }
  at::Tensor InMemory() const override { return source_->InMemory(); }
  absl::StatusOr<std::unique_ptr<Sample>> Open(int64_t index) const override {
    return source_->Open(index);
  }
  std::string Name(int64_t index) const override { return source_->Name(index); }
  std::string Identity(int64_t index) const override { return source_->Identity(index); }

 private:
  const std::shared_ptr<const SampleSource> source_;
  const at::Tensor labels_;
};

/// announced: the number of images in the info of the dataset; 0 if the info does not state it.
absl::Status CheckSplit(const std::string& name, const SampleSource& split, int64_t announced,
                        const DatasetInfo& info) {
  if (const at::Tensor images = split.InMemory(); images.defined()) {
    const std::array<int64_t, 4> expected = {split.size(), info.image.channels, info.image.height,
                                             info.image.width};
    if (images.scalar_type() != at::kByte || images.sizes() != at::IntArrayRef(expected) ||
        !images.is_contiguous()) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": images must be contiguous uint8 [N,",
                                                     info.image.channels, ",", info.image.height,
                                                     ",", info.image.width, "]"));
    }
  }
  if (announced > 0 && split.size() != announced) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", split.size(), " images; the dataset announced ", announced));
  }
  const at::Tensor& labels = split.labels();
  if (!labels.defined() || labels.scalar_type() != at::kLong || labels.dim() != 1 ||
      labels.size(0) != split.size()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": labels must be int64 [N]"));
  }
  const auto classes = static_cast<int64_t>(info.class_names.size());
  const auto values = labels.accessor<int64_t, 1>();
  for (int64_t i = 0; i < values.size(0); ++i) {
    if (values[i] < 0 || values[i] >= classes) {
      return absl::InvalidArgumentError(absl::StrCat(
          name, ": label ", values[i], " of ", split.Name(i), " is not in [0, ", classes, ")"));
    }
  }
  return absl::OkStatus();
}

/// Checks that the data that was read is as announced.
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

/// The names that are in `of` but not in `known`, for a message.
std::string Missing(const std::vector<std::string>& of, const std::vector<std::string>& known) {
  const std::set<absl::string_view> names(known.begin(), known.end());
  std::vector<std::string> missing;
  for (const std::string& name : of) {
    if (names.count(name) == 0) missing.push_back(absl::StrCat("\"", name, "\""));
  }
  return SomeOf(missing);
}

std::shared_ptr<const SampleSource> NoImages(const ImageShape& image) {
  return MakeMemorySource(at::empty({0, image.channels, image.height, image.width}, at::kByte),
                          at::empty({0}, at::kLong), "an empty split");
}

}  // namespace

absl::StatusOr<std::vector<at::Tensor>> SampleSource::Read(
    absl::Span<const int64_t> indices) const {
  const auto read = [this](int64_t index) -> absl::StatusOr<at::Tensor> {
    PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Sample> sample, Open(index));
    return sample->Decode({0, 0, sample->width(), sample->height()}, sample->height(),
                          sample->width());
  };
  std::vector<at::Tensor> images;
  for (const int64_t index : indices) {
    absl::StatusOr<at::Tensor> image = read(index);
    if (!image.ok()) return Annotate(image.status(), Name(index));
    images.push_back(*std::move(image));
  }
  return images;
}

void SampleSource::AddTo(Sha256* checksum) const {
  const auto add = [&](const at::Tensor& values) {
    checksum->Update({static_cast<const char*>(values.const_data_ptr()), values.nbytes()});
  };
  if (const at::Tensor images = InMemory(); images.defined()) {
    add(images);
  } else {
    for (int64_t i = 0; i < size(); ++i) checksum->Update(absl::StrCat(Identity(i), "\n"));
  }
  add(labels());
}

std::shared_ptr<const SampleSource> MakeMemorySource(at::Tensor images, at::Tensor labels,
                                                     std::string name) {
  return std::make_shared<MemorySource>(std::move(images), std::move(labels), std::move(name));
}

absl::Status TakeClasses(const std::vector<std::string>& class_names, DatasetSplits* splits) {
  const std::vector<std::string>& found = splits->info.class_names;
  if (found == class_names) return absl::OkStatus();
  const std::string unknown = Missing(found, class_names), absent = Missing(class_names, found);
  if (!unknown.empty() || (!absent.empty() && splits->train->size() > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the classes of ", splits->source, " are not the classes of the network: ",
                     unknown.empty() ? "" : absl::StrCat("the network does not know ", unknown),
                     unknown.empty() || absent.empty() ? "" : "; ",
                     absent.empty() ? "" : absl::StrCat("the data does not have ", absent)));
  }
  std::map<absl::string_view, int64_t> numbers;
  for (const std::string& name : class_names) {
    numbers.emplace(name, static_cast<int64_t>(numbers.size()));
  }
  const at::Tensor number_of = at::empty({static_cast<int64_t>(found.size())}, at::kLong);
  for (size_t c = 0; c < found.size(); ++c) {
    number_of.mutable_data_ptr<int64_t>()[c] = numbers.at(found[c]);
  }
  for (std::shared_ptr<const SampleSource>* split : {&splits->train, &splits->test}) {
    *split =
        std::make_shared<RelabeledSource>(*split, number_of.index_select(0, (*split)->labels()));
  }
  splits->info.class_names = class_names;
  return absl::OkStatus();
}

absl::StatusOr<DatasetSplits> Dataset::Load(const LoadOptions& options) const {
  PDARTS_ASSIGN_OR_RETURN(DatasetSplits splits, DoLoad(options));
  if (splits.info.class_names.empty()) splits.info = info();
  if (options.test_only || splits.train == nullptr) splits.train = NoImages(info().image);
  if (splits.test == nullptr) splits.test = NoImages(info().image);
  if (!options.class_names.empty()) {
    PDARTS_RETURN_IF_ERROR(TakeClasses(options.class_names, &splits));
  }
  PDARTS_RETURN_IF_ERROR(CheckInfo(splits.info, info()));
  if (!options.test_only) {
    PDARTS_RETURN_IF_ERROR(
        CheckSplit("training split", *splits.train, info().train_images, info()));
    if (splits.train->size() == 0) {
      return absl::InvalidArgumentError("training split: no images");
    }
  }
  PDARTS_RETURN_IF_ERROR(CheckSplit("test split", *splits.test, info().test_images, info()));
  return splits;
}

}  // namespace pdarts
