#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "ATen/ops/empty.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/transform.h"
#include "pdarts/datasets/transforms/transforms.pb.h"

namespace pdarts {
namespace {

using transforms::ColorJitterConfig;

enum class Change { kBrightness, kContrast, kSaturation, kHue };

/// The changes of one image, in the order of their application.
struct Jitter {
  std::array<Change, 4> order = {Change::kBrightness, Change::kContrast, Change::kSaturation,
                                 Change::kHue};
  float brightness = 1;
  float contrast = 1;
  float saturation = 1;
  float hue = 0;  ///< as a fraction of the circle
};

struct Color {
  float red, green, blue;  ///< in [0, 255]
};

float Gray(const Color& color) {
  return 0.299F * color.red + 0.587F * color.green + 0.114F * color.blue;
}

float Clamped(float value) { return std::clamp(value, 0.0F, 255.0F); }

/// Moves a color away from or toward another color: the distance is multiplied by `factor`.
Color Blend(const Color& color, const Color& other, float factor) {
  const auto blend = [factor](float value, float base) {
    return Clamped(base + factor * (value - base));
  };
  return {blend(color.red, other.red), blend(color.green, other.green),
          blend(color.blue, other.blue)};
}

/// Rotates the hue of a color. Saturation and value (HSV) do not change.
Color TurnHue(const Color& color, float turn) {
  const float value = std::max({color.red, color.green, color.blue});
  const float chroma = value - std::min({color.red, color.green, color.blue});
  if (chroma == 0) return color;
  float sector;  // in [0, 6): red, yellow, green, cyan, blue, magenta
  if (value == color.red) {
    sector = (color.green - color.blue) / chroma;
  } else if (value == color.green) {
    sector = 2 + (color.blue - color.red) / chroma;
  } else {
    sector = 4 + (color.red - color.green) / chroma;
  }
  sector += 6 * turn;
  sector -= 6 * std::floor(sector / 6);
  // The difference between a channel and the largest channel depends on the distance of the hue
  // from the channel's sector.
  const auto channel = [&](float own) {
    const float away = std::abs(sector - own);
    const float distance = std::min(away, 6 - away);
    return value - chroma * std::clamp(distance - 1, 0.0F, 1.0F);
  };
  return {channel(0), channel(2), channel(4)};
}

class ColorJitter : public Transform {
 public:
  explicit ColorJitter(const ColorJitterConfig& config) : config_(config) {}

  void Plan(const DatasetInfo& info, RandomStream& random, ImagePlan* plan) const override {
    if (plan->is_normalized()) {
      return plan->Refuse("changes 8-bit colors, so it must stand before normalize");
    }
    if (info.image.channels != 3) {
      return plan->Refuse(
          absl::StrCat("needs images of 3 channels, these have ", info.image.channels));
    }
    Jitter jitter;
    const auto factor = [&](double range) {
      return static_cast<float>(random.Uniform(1 - range, 1 + range));
    };
    jitter.brightness = factor(config_.brightness());
    jitter.contrast = factor(config_.contrast());
    jitter.saturation = factor(config_.saturation());
    jitter.hue = static_cast<float>(random.Uniform(-config_.hue(), config_.hue()));
    for (size_t i = jitter.order.size() - 1; i > 0; --i) {
      std::swap(jitter.order[i],
                jitter.order[static_cast<size_t>(random.Below(static_cast<int64_t>(i) + 1))]);
    }
    plan->Apply([jitter](const at::Tensor& image) { return ChangeColors(jitter, image); });
  }

 private:
  /// `image` is `[3,H,W]` uint8 with any strides.
  static at::Tensor ChangeColors(const Jitter& jitter, const at::Tensor& image) {
    const int64_t height = image.size(1), width = image.size(2);
    const auto from = image.accessor<uint8_t, 3>();
    std::vector<Color> colors(static_cast<size_t>(height * width));
    auto color = colors.begin();
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x, ++color) {
        *color = {static_cast<float>(from[0][y][x]), static_cast<float>(from[1][y][x]),
                  static_cast<float>(from[2][y][x])};
      }
    }
    for (const Change change : jitter.order) Make(change, jitter, &colors);
    at::Tensor result = at::empty({3, height, width}, at::kByte);
    auto* to = result.mutable_data_ptr<uint8_t>();
    const auto pixels = static_cast<int64_t>(colors.size());
    const auto rounded = [](float value) { return static_cast<uint8_t>(value + 0.5F); };
    for (int64_t i = 0; i < pixels; ++i) {
      to[i] = rounded(colors[i].red);
      to[pixels + i] = rounded(colors[i].green);
      to[2 * pixels + i] = rounded(colors[i].blue);
    }
    return result;
  }

  static void Make(Change change, const Jitter& jitter, std::vector<Color>* colors) {
    switch (change) {
      case Change::kBrightness:
        if (jitter.brightness == 1) return;
        for (Color& color : *colors) color = Blend(color, {0, 0, 0}, jitter.brightness);
        return;
      case Change::kContrast: {
        if (jitter.contrast == 1) return;
        double sum = 0;
        for (const Color& color : *colors) sum += Gray(color);
        const auto mean = static_cast<float>(sum / static_cast<double>(colors->size()));
        for (Color& color : *colors) color = Blend(color, {mean, mean, mean}, jitter.contrast);
        return;
      }
      case Change::kSaturation:
        if (jitter.saturation == 1) return;
        for (Color& color : *colors) {
          const float gray = Gray(color);
          color = Blend(color, {gray, gray, gray}, jitter.saturation);
        }
        return;
      case Change::kHue:
        if (jitter.hue == 0) return;
        for (Color& color : *colors) color = TurnHue(color, jitter.hue);
        return;
    }
  }

  const ColorJitterConfig config_;
};

const bool registered = Registry<Transform>::Register<ColorJitterConfig>(
    "color_jitter", "changes brightness, contrast, saturation and hue at random",
    [](const ColorJitterConfig& config) -> absl::StatusOr<std::unique_ptr<Transform>> {
      return std::make_unique<ColorJitter>(config);
    });

}  // namespace
}  // namespace pdarts
