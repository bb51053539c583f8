#include <webp/decode.h>
#include <webp/demux.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/images/decode.h"
#include "pdarts/images/orientation.h"

namespace pdarts::images {
namespace {

/// The orientation that the file's EXIF data names.
int WebpOrientation(absl::string_view bytes) {
  const WebPData data = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  WebPDemuxer* demuxer = WebPDemux(&data);
  if (demuxer == nullptr) return 1;
  const absl::Cleanup delete_demuxer = [&] { WebPDemuxDelete(demuxer); };
  WebPChunkIterator chunk = {};
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk) == 0) return 1;
  const absl::Cleanup release_chunk = [&] { WebPDemuxReleaseChunkIterator(&chunk); };
  return OrientationOf({reinterpret_cast<const char*>(chunk.chunk.bytes), chunk.chunk.size});
}

}  // namespace

absl::StatusOr<RgbImage> DecodeWebp(absl::string_view bytes, const DecodeOptions& options) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK) {
    return absl::DataLossError("WebP: its header is damaged or cut off");
  }
  if (features.has_animation != 0) return absl::DataLossError("WebP: is an animation");
  PDARTS_RETURN_IF_ERROR(CheckSize(features.height, features.width, options.max_pixels));
  const int64_t height = features.height, width = features.width;
  const absl::Status damaged = absl::DataLossError("WebP: it is damaged or cut off");
  RgbImage image;
  if (features.has_alpha == 0) {
    image = MakeImage(height, width);
    if (WebPDecodeRGBInto(data, bytes.size(), image.pixels.get(),
                          static_cast<size_t>(3 * height * width),
                          static_cast<int>(3 * width)) == nullptr) {
      return damaged;
    }
  } else {
    const std::unique_ptr<uint8_t[]> rgba(new uint8_t[4 * height * width]);
    if (WebPDecodeRGBAInto(data, bytes.size(), rgba.get(), static_cast<size_t>(4 * height * width),
                           static_cast<int>(4 * width)) == nullptr) {
      return damaged;
    }
    image = OverWhite(rgba.get(), height, width);
  }
  return Upright(std::move(image), WebpOrientation(bytes));
}

}  // namespace pdarts::images
