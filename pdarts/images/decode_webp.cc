#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/images/decode.h"
#include "pdarts/images/orientation.h"

namespace pdarts::images {
namespace {

/// The orientation in the EXIF data of the file.
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

/// The number of pixels beside a region that are decoded with it. Pixels at the edge of the region
/// are interpolated from them.
constexpr int64_t kMargin = 2;

class WebpImage : public OpenedImage {
 public:
  WebpImage(absl::string_view bytes, const WebPBitstreamFeatures& features)
      : OpenedImage(features.height, features.width, WebpOrientation(bytes)),
        bytes_(bytes),
        has_alpha_(features.has_alpha != 0) {}

 private:
  bool scales() const override { return true; }

  absl::StatusOr<RgbImage> DecodeStored(const PixelRegion& region, int denominator) const override {
    WebPDecoderConfig config;
    if (WebPInitDecoderConfig(&config) == 0) return absl::InternalError("WebP: another library");
    PixelRegion decoded = region;
    if (denominator == 1) {
      // libwebp can begin only at even pixels.
      decoded.left = std::max<int64_t>(region.left - kMargin, 0) / 2 * 2;
      decoded.top = std::max<int64_t>(region.top - kMargin, 0) / 2 * 2;
      decoded.width = std::min(region.left + region.width + kMargin, stored_width()) - decoded.left;
      decoded.height =
          std::min(region.top + region.height + kMargin, stored_height()) - decoded.top;
      Crop(decoded, &config.options);
    } else {
      PixelRegion whole;
      whole.left = denominator * region.left;
      whole.top = denominator * region.top;
      whole.width = std::min(denominator * region.width, stored_width() - whole.left);
      whole.height = std::min(denominator * region.height, stored_height() - whole.top);
      Crop(whole, &config.options);
      config.options.use_scaling = 1;
      config.options.scaled_width = static_cast<int>(region.width);
      config.options.scaled_height = static_cast<int>(region.height);
    }
    const int64_t channels = has_alpha_ ? 4 : 3;
    const int64_t bytes = channels * decoded.height * decoded.width;
    std::unique_ptr<uint8_t[]> pixels(new uint8_t[bytes]);
    config.output.colorspace = has_alpha_ ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels.get();
    config.output.u.RGBA.stride = static_cast<int>(channels * decoded.width);
    config.output.u.RGBA.size = static_cast<size_t>(bytes);
    const VP8StatusCode status =
        WebPDecode(reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size(), &config);
    WebPFreeDecBuffer(&config.output);
    if (status != VP8_STATUS_OK) return absl::DataLossError("WebP: it is damaged or cut off");
    RgbImage image;
    if (has_alpha_) {
      image = OverWhite(pixels.get(), decoded.height, decoded.width);
    } else {
      image = {decoded.height, decoded.width, std::move(pixels)};
    }
    if (image.height == region.height && image.width == region.width) return image;
    return CutOut(
        image, {region.left - decoded.left, region.top - decoded.top, region.width, region.height});
  }

  static void Crop(const PixelRegion& region, WebPDecoderOptions* options) {
    options->use_cropping = 1;
    options->crop_left = static_cast<int>(region.left);
    options->crop_top = static_cast<int>(region.top);
    options->crop_width = static_cast<int>(region.width);
    options->crop_height = static_cast<int>(region.height);
  }

  const absl::string_view bytes_;
  const bool has_alpha_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<OpenedImage>> OpenWebp(absl::string_view bytes, int64_t max_pixels) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), &features) !=
      VP8_STATUS_OK) {
    return absl::DataLossError("WebP: its header is damaged or cut off");
  }
  if (features.has_animation != 0) return absl::DataLossError("WebP: is an animation");
  PDARTS_RETURN_IF_ERROR(CheckSize(features.height, features.width, max_pixels));
  return std::make_unique<WebpImage>(bytes, features);
}

}  // namespace pdarts::images
