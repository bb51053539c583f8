#include "pdarts/datasets/transforms/transforms.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/field_plugin.h"
#include "pdarts/datasets/transforms/center_crop.h"
#include "pdarts/datasets/transforms/transforms.pb.h"

namespace pdarts {

using google::protobuf::Any;
using google::protobuf::RepeatedPtrField;

/// Makes a list of transforms, one element after the other, and checks it.
class Transforms::Builder {
 public:
  /// Adds the plugin of a config to the list.
  absl::Status Add(std::string field, const Any& config, bool is_short = false) {
    PDARTS_ASSIGN_OR_RETURN(auto transform, CreateFieldPlugin<Transform>(field, config));
    transforms_.elements_.push_back({std::move(field), is_short, std::move(transform)});
    return absl::OkStatus();
  }

  /// Adds a plugin that the short form in `field` stands for.
  template <class Config>
  absl::Status AddShort(absl::string_view field, absl::string_view part, const Config& config) {
    Any any;
    any.PackFrom(config);
    return Add(absl::StrCat(field, ".", part), any, /*is_short=*/true);
  }

  /// `Settings` is AugmentationSettings or TrainAugmentation.
  template <class Settings>
  absl::Status AddAugmentation(absl::string_view field, const Settings& settings) {
    if (settings.crop_padding() > 0) {
      transforms::PadAndCropConfig config;
      config.set_padding(settings.crop_padding());
      PDARTS_RETURN_IF_ERROR(AddShort(field, "crop_padding", config));
    }
    if (settings.flip()) {
      PDARTS_RETURN_IF_ERROR(AddShort(field, "flip", transforms::FlipConfig()));
    }
    PDARTS_RETURN_IF_ERROR(AddShort(field, "normalize", transforms::NormalizeConfig()));
    if (settings.cutout() > 0) {
      transforms::CutoutConfig config;
      config.set_side(settings.cutout());
      PDARTS_RETURN_IF_ERROR(AddShort(field, "cutout", config));
    }
    return absl::OkStatus();
  }

  /// `field` is the name of the list.
  absl::StatusOr<Transforms> Build(absl::string_view field, const DatasetInfo& info) && {
    PDARTS_RETURN_IF_ERROR(CheckKinds(field));
    PDARTS_RETURN_IF_ERROR(Try(info, info.image.height, info.image.width));
    // Images of other sizes show whether a transform relies on the size.
    PDARTS_RETURN_IF_ERROR(Try(info, 2 * info.image.height + 1, 3 * info.image.width + 2));
    return std::move(transforms_);
  }

  /// The list. All of its elements are known to fit.
  Transforms Take() && { return std::move(transforms_); }

 private:
  absl::Status CheckKinds(absl::string_view field) const {
    const Element* normalizing = nullptr;
    const std::vector<Element>& elements = transforms_.elements_;
    for (size_t i = 0; i < elements.size(); ++i) {
      const Element& element = elements[i];
      if (element.transform->sets_size() && i > 0) {
        return absl::InvalidArgumentError(absl::StrCat(
            element.field, ": the ", element.transform->title(),
            " sets the size of the images, so it must be the first of the list; it is number ",
            i + 1));
      }
      if (!element.transform->normalizes()) continue;
      if (normalizing != nullptr) {
        return absl::InvalidArgumentError(
            absl::StrCat(normalizing->field, " and ", element.field,
                         ": both normalize images, expected exactly one that does"));
      }
      normalizing = &element;
    }
    if (normalizing != nullptr) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": no transform of the list normalizes images, expected exactly one ",
                     "that does: [type.googleapis.com/pdarts.transforms.NormalizeConfig] {}"));
  }

  /// Makes a plan for an image of this size.
  absl::Status Try(const DatasetInfo& info, int64_t height, int64_t width) const {
    const RandomStream random(0, 0, 0, "check of transforms");
    ImagePlan plan;
    plan.Begin(height, width);
    return transforms_.Append(info, random, /*sample=*/0, &plan);
  }

  Transforms transforms_;
};

absl::StatusOr<Transforms> Transforms::Create(absl::string_view field,
                                              const RepeatedPtrField<Any>& list,
                                              const DatasetInfo& info) {
  Builder builder;
  for (int i = 0; i < list.size(); ++i) {
    PDARTS_RETURN_IF_ERROR(builder.Add(absl::StrCat(field, "[", i, "]"), list[i]));
  }
  return std::move(builder).Build(field, info);
}

template <class Settings>
absl::StatusOr<Transforms> Transforms::OfSettings(absl::string_view name, const Settings& settings,
                                                  const DatasetInfo& info) {
  if (!settings.transforms().empty()) {
    return Create(absl::StrCat(name, ".transforms"), settings.transforms(), info);
  }
  const std::string field = absl::StrCat(name, ".augmentation");
  Builder builder;
  PDARTS_RETURN_IF_ERROR(builder.AddAugmentation(field, settings.augmentation()));
  return std::move(builder).Build(field, info);
}

absl::StatusOr<Transforms> Transforms::ForSearch(const SearchSettings& settings,
                                                 const DatasetInfo& info) {
  return OfSettings("search", settings, info);
}

absl::StatusOr<Transforms> Transforms::ForTraining(const TrainSettings& settings,
                                                   const DatasetInfo& info) {
  return OfSettings("train", settings, info);
}

absl::StatusOr<Transforms> Transforms::ForEvaluation(const TrainSettings& settings,
                                                     const DatasetInfo& info) {
  if (settings.evaluation_transforms().empty()) return Plain();
  return Create("train.evaluation_transforms", settings.evaluation_transforms(), info);
}

absl::StatusOr<Transforms> Transforms::Plain() {
  Builder builder;
  PDARTS_RETURN_IF_ERROR(
      builder.AddShort("transforms", "normalize", transforms::NormalizeConfig()));
  return std::move(builder).Take();
}

std::vector<std::string> Transforms::Notes(const DatasetInfo& info) const {
  std::vector<std::string> notes;
  for (const Element& element : elements_) {
    for (const TransformNote& note : element.transform->Notes(info)) {
      const std::string field =
          element.is_short ? element.field : absl::StrCat(element.field, ".", note.field);
      notes.push_back(absl::StrCat(field, ": ", note.text));
    }
  }
  return notes;
}

absl::Status Transforms::Plan(const DatasetInfo& info, int64_t height, int64_t width,
                              const RandomStream& random, int64_t sample, ImagePlan* plan) const {
  plan->Begin(height, width);
  const absl::Status status = Append(info, random, sample, plan);
  // Create has tried the list, so an error is not caused by the spec.
  return status.ok() ? status : absl::InternalError(status.message());
}

absl::StatusOr<Transforms::Normalization> Transforms::FindNormalization(
    const DatasetInfo& info) const {
  ImagePlan plan;
  PDARTS_RETURN_IF_ERROR(Plan(info, info.image.height, info.image.width,
                              RandomStream(0, 0, 0, "normalization"), /*sample=*/0, &plan));
  for (const ImagePlan::Step& step : plan.steps()) {
    if (step.kind == ImagePlan::Step::Kind::kNormalize) {
      return Normalization{*step.mean, *step.deviation};
    }
  }
  // This is impossible, because Plan checks it.
  return absl::InternalError("no transform normalized the image");
}

absl::StatusOr<PixelRegion> Transforms::FindRegion(const DatasetInfo& info, int64_t height,
                                                   int64_t width) const {
  ImagePlan plan;
  PDARTS_RETURN_IF_ERROR(
      Plan(info, height, width, RandomStream(0, 0, 0, "region"), /*sample=*/0, &plan));
  for (const ImagePlan::Step& step : plan.steps()) {
    if (step.kind == ImagePlan::Step::Kind::kResize) return step.region;
  }
  return PixelRegion{0, 0, width, height};
}

absl::Status Transforms::Append(const DatasetInfo& info, const RandomStream& random, int64_t sample,
                                ImagePlan* plan) const {
  const bool sets_size = !elements_.empty() && elements_.front().transform->sets_size();
  const auto has_size = [&] {
    return plan->height() == info.image.height && plan->width() == info.image.width;
  };
  if (!sets_size && !has_size()) PlanCenterCrop(info, /*short_side=*/0, plan);
  for (size_t i = 0; i < elements_.size(); ++i) {
    RandomStream numbers = random.For(sample, static_cast<int>(i));
    elements_[i].transform->Plan(info, numbers, plan);
    if (!plan->refusal().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          elements_[i].field, ": the ", elements_[i].transform->title(), " ", plan->refusal()));
    }
  }
  if (!has_size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(elements_.back().field, ": the images have ", plan->height(), "x",
                     plan->width(), " pixels after the last transform, expected the network's ",
                     info.image.height, "x", info.image.width));
  }
  if (!plan->is_normalized()) {
    return absl::InvalidArgumentError(
        absl::StrCat(elements_.back().field, ": no transform normalized the image"));
  }
  return absl::OkStatus();
}

}  // namespace pdarts
