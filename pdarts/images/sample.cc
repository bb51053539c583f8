#include "pdarts/images/sample.h"

#include <utility>

#include "ATen/ops/from_blob.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/images/decode.h"

namespace pdarts::images {
namespace {

class EncodedSample : public Sample {
 public:
  explicit EncodedSample(std::string bytes) : bytes_(std::move(bytes)) {}

  absl::Status Open(int64_t max_pixels) {
    PDARTS_ASSIGN_OR_RETURN(image_, OpenImage(bytes_, max_pixels));
    return absl::OkStatus();
  }

  int64_t width() const override { return image_->width(); }
  int64_t height() const override { return image_->height(); }

  absl::StatusOr<at::Tensor> Decode(const PixelRegion& region, int64_t min_height,
                                    int64_t min_width) const override {
    PDARTS_ASSIGN_OR_RETURN(RgbImage image, image_->Decode(region, min_height, min_width));
    const auto free = [](void* pixels) { delete[] static_cast<uint8_t*>(pixels); };
    return at::from_blob(image.pixels.release(), {image.height, image.width, 3}, free, at::kByte)
        .permute({2, 0, 1});
  }

 private:
  const std::string bytes_;
  std::unique_ptr<OpenedImage> image_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Sample>> OpenSample(std::string bytes, int64_t max_pixels) {
  auto sample = std::make_unique<EncodedSample>(std::move(bytes));
  PDARTS_RETURN_IF_ERROR(sample->Open(max_pixels));
  return sample;
}

}  // namespace pdarts::images
