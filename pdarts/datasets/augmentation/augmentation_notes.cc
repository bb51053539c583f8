#include "pdarts/datasets/augmentation/augmentation_notes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace pdarts {

std::vector<std::string> AugmentationNotes(absl::string_view field, int64_t crop_padding,
                                           int64_t cutout, const ImageShape& image) {
  const int64_t side = std::min(image.height, image.width);
  std::vector<std::string> notes;
  const auto add = [&](absl::string_view name, int64_t value, absl::string_view effect) {
    if (value < side) return;
    notes.push_back(absl::StrCat(field, ".", name, ": ", value, " is as large as the images of ",
                                 image.height, "x", image.width, " pixels, so that ", effect));
  };
  add("crop_padding", crop_padding, "some crops hold nothing of their image");
  add("cutout", cutout, "most of a training image is set to zero, and some images are as a whole");
  return notes;
}

}  // namespace pdarts
