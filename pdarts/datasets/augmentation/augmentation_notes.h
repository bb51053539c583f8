#ifndef PDARTS_DATASETS_AUGMENTATION_AUGMENTATION_NOTES_H_
#define PDARTS_DATASETS_AUGMENTATION_AUGMENTATION_NOTES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// What a user should know of settings that are allowed but leave little of the images. Each note
/// names the field, its value and the images' size.
/// field: where the settings stand in the spec: "search.augmentation". crop_padding, cutout: in
/// pixels.
std::vector<std::string> AugmentationNotes(absl::string_view field, int64_t crop_padding,
                                           int64_t cutout, const ImageShape& image);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_AUGMENTATION_AUGMENTATION_NOTES_H_
