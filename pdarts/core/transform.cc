#include "pdarts/core/transform.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace pdarts {
namespace {

/// The region in the form of messages: "10x20 at (3,4)".
std::string ToText(const PixelRegion& region) {
  return absl::StrCat(region.width, "x", region.height, " at (", region.left, ",", region.top, ")");
}

}  // namespace

void ImagePlan::Begin(int64_t height, int64_t width) {
  steps_.clear();
  height_ = height;
  width_ = width;
  is_normalized_ = false;
  refusal_.clear();
}

void ImagePlan::Resize(const PixelRegion& region, int64_t height, int64_t width,
                       int64_t min_scale) {
  if (region.left < 0 || region.top < 0 || region.width < 1 || region.height < 1 ||
      region.left + region.width > width_ || region.top + region.height > height_) {
    return Refuse(absl::StrCat("resizes the region ", ToText(region), ", which is not in the ",
                               width_, "x", height_, " pixels of the image"));
  }
  if (height < 1 || width < 1) {
    return Refuse(absl::StrCat("resizes to ", width, "x", height, " pixels"));
  }
  Add(Step::Kind::kResize, region, height, width).min_scale = min_scale;
}

void ImagePlan::Window(const PixelRegion& region) {
  if (region.width < 1 || region.height < 1) {
    return Refuse(absl::StrCat("takes the empty region ", ToText(region)));
  }
  Add(Step::Kind::kWindow, region, region.height, region.width);
}

void ImagePlan::Flip() { Add(Step::Kind::kFlip, {}, height_, width_); }

void ImagePlan::Erase(const PixelRegion& region) {
  Add(Step::Kind::kErase, region, height_, width_);
}

void ImagePlan::Normalize(const std::vector<double>& mean,
                          const std::vector<double>& standard_deviation) {
  if (is_normalized_) return Refuse("normalizes an image that is normalized already");
  is_normalized_ = true;
  Step& step = Add(Step::Kind::kNormalize, {}, height_, width_);
  step.mean = &mean;
  step.deviation = &standard_deviation;
}

void ImagePlan::Apply(std::function<at::Tensor(const at::Tensor&)> apply) {
  Add(Step::Kind::kApply, {}, height_, width_).apply = std::move(apply);
}

ImagePlan::Step& ImagePlan::Add(Step::Kind kind, const PixelRegion& region, int64_t height,
                                int64_t width) {
  Step& step = steps_.emplace_back();
  step.kind = kind;
  step.region = region;
  step.height = height_ = height;
  step.width = width_ = width;
  return step;
}

void ImagePlan::Refuse(absl::string_view why) {
  if (refusal_.empty()) refusal_ = std::string(why);
}

}  // namespace pdarts
