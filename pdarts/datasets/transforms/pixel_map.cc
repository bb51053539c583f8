#include "pdarts/datasets/transforms/pixel_map.h"

#include <algorithm>
#include <utility>

namespace pdarts {

void PixelMap::Begin(int64_t height, int64_t width) {
  height_ = height;
  width_ = width;
  top_ = left_ = 0;
  is_flipped_ = false;
  is_identity_ = true;
  part_ = {0, 0, width, height};
  holes_.clear();
  normalize_ = nullptr;
}

bool PixelMap::Add(const ImagePlan::Step& step) {
  using Kind = ImagePlan::Step::Kind;
  switch (step.kind) {
    case Kind::kWindow:
      // A pixel from outside of the image is 0 after the normalization, and black before it.
      if (normalize_ != nullptr) return false;
      AddWindow(step.region);
      break;
    case Kind::kFlip:
      AddFlip();
      break;
    case Kind::kErase:
      AddHole(step.region);
      break;
    case Kind::kNormalize:
      if (normalize_ != nullptr) return false;
      normalize_ = &step;
      for (Hole& hole : holes_) hole.before_normalize = true;
      break;
    case Kind::kResize:
    case Kind::kApply:
      return false;
  }
  is_identity_ = false;
  return true;
}

void PixelMap::AddWindow(const PixelRegion& region) {
  // The image after the previous steps, in pixels of the image before all steps.
  const int64_t first = is_flipped_ ? left_ - (width_ - 1) : left_;
  const int64_t top = std::max(part_.top, top_), left = std::max(part_.left, first);
  part_.height = std::max<int64_t>(0, std::min(part_.top + part_.height, top_ + height_) - top);
  part_.width = std::max<int64_t>(0, std::min(part_.left + part_.width, first + width_) - left);
  part_.top = top;
  part_.left = left;
  top_ += region.top;
  left_ += is_flipped_ ? -region.left : region.left;
  height_ = region.height;
  width_ = region.width;
  for (Hole& hole : holes_) {
    hole.top = std::clamp<int64_t>(hole.top - region.top, 0, height_);
    hole.bottom = std::clamp<int64_t>(hole.bottom - region.top, 0, height_);
    hole.left = std::clamp<int64_t>(hole.left - region.left, 0, width_);
    hole.right = std::clamp<int64_t>(hole.right - region.left, 0, width_);
  }
}

void PixelMap::AddFlip() {
  left_ += is_flipped_ ? -(width_ - 1) : width_ - 1;
  is_flipped_ = !is_flipped_;
  for (Hole& hole : holes_) {
    hole.left = width_ - std::exchange(hole.right, width_ - hole.left);
  }
}

void PixelMap::AddHole(const PixelRegion& region) {
  Hole hole = {};
  hole.top = std::clamp<int64_t>(region.top, 0, height_);
  hole.bottom = std::clamp<int64_t>(region.top + region.height, hole.top, height_);
  hole.left = std::clamp<int64_t>(region.left, 0, width_);
  hole.right = std::clamp<int64_t>(region.left + region.width, hole.left, width_);
  holes_.push_back(hole);
}

}  // namespace pdarts
