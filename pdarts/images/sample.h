#ifndef PDARTS_IMAGES_SAMPLE_H_
#define PDARTS_IMAGES_SAMPLE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"

namespace pdarts::images {

/// Opens the bytes of a PNG, JPEG or WebP file as a sample. Its pixels are `[3,h,w]`, interleaved.
/// \error as OpenImage; Sample::Decode as OpenedImage::Decode.
absl::StatusOr<std::unique_ptr<Sample>> OpenSample(std::string bytes, int64_t max_pixels);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_SAMPLE_H_
