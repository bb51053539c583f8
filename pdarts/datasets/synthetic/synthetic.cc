#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ATen/CPUGeneratorImpl.h"
#include "ATen/core/Tensor.h"
#include "ATen/ops/empty.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/numbered_classes.h"
#include "pdarts/datasets/ordering.h"
#include "pdarts/datasets/synthetic/synthetic.pb.h"

namespace pdarts {
namespace {

using synthetic::SyntheticConfig;

constexpr double kPi = 3.14159265358979323846;
constexpr double kColor = 0.2;    // amplitude of the color of a class around gray
constexpr double kGrating = 0.2;  // amplitude of the grating
constexpr double kPeriods = 4;    // periods of the grating across the larger side
constexpr double kCast = 0.3;     // standard deviation of an image's color cast, in units of noise
constexpr int64_t kMaxBytes = 1LL << 32;  // maximum size of both splits together

/// Makes the images of one split. The class uses only arithmetic in double precision, because
/// random tensors of LibTorch depend on the vector units of the machine.
class Painter {
 public:
  Painter(const SyntheticConfig& config, absl::string_view split)
      : config_(config),
        generator_(MakeGenerator(config.seed(), absl::StrCat("synthetic ", split))) {}

  /// Writes an image `[C,H,W]` of a class.
  void Paint(int label, uint8_t* pixels) {
    const int height = config_.height();
    const int width = config_.width();
    // cos(x + y + phase) from the cosines and sines of x + phase and of y.
    const double angle = kPi * label / config_.classes();
    const double step = 2 * kPi * kPeriods / std::max(height, width);
    const double phase = 2 * kPi * Uniform();
    const std::vector<Wave> x = Waves(width, step * std::cos(angle), phase);
    const std::vector<Wave> y = Waves(height, step * std::sin(angle), 0);
    for (int c = 0; c < config_.channels(); ++c) {
      const double hue = 2 * kPi *
                         (static_cast<double>(label) / config_.classes() +
                          static_cast<double>(c) / config_.channels());
      const double base = 0.5 + kColor * std::cos(hue) + kCast * Noise();
      for (int i = 0; i < height; ++i) {
        for (int j = 0; j < width; ++j) {
          const double wave = x[j].cosine * y[i].cosine - x[j].sine * y[i].sine;
          const double value = base + kGrating * wave + Noise();
          *pixels++ = static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 1.0) * 255));
        }
      }
    }
  }

 private:
  struct Wave {
    double cosine;
    double sine;
  };
  static std::vector<Wave> Waves(int size, double step, double phase) {
    std::vector<Wave> waves(size);
    for (int i = 0; i < size; ++i) {
      waves[i] = {std::cos(step * i + phase), std::sin(step * i + phase)};
    }
    return waves;
  }

  /// A number in [0, 1).
  double Uniform() {
    return at::check_generator<at::CPUGeneratorImpl>(generator_)->random() * 0x1p-32;
  }
  /// A uniformly distributed number with mean 0 and standard deviation `noise`.
  double Noise() { return config_.noise() * std::sqrt(12.0) * (Uniform() - 0.5); }

  const SyntheticConfig& config_;
  at::Generator generator_;
};

class Synthetic : public Dataset {
 public:
  explicit Synthetic(SyntheticConfig config) : config_(std::move(config)) {
    info_.image = {config_.channels(), config_.height(), config_.width()};
    info_.class_names = NumberedClasses(config_.classes());
    // Colors and gratings are cosines around gray. Values outside of the range of a byte are cut
    // off, which changes the variance little.
    const double variance = (kColor * kColor + kGrating * kGrating) / 2 +
                            (1 + kCast * kCast) * config_.noise() * config_.noise();
    info_.mean.assign(config_.channels(), 0.5);
    info_.deviation.assign(config_.channels(), std::sqrt(variance));
  }

  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    Sha256 checksum;
    DatasetSplits splits;
    if (!options.test_only) {
      splits.train = MakeSplit("train", config_.train_images(), &checksum);
    }
    splits.test = MakeSplit("test", config_.test_images(), &checksum);
    splits.source = absl::StrCat("made by synthetic, seed ", config_.seed());
    splits.checksum = absl::StrCat("sha256:", checksum.Hex());
    return splits;
  }

  std::shared_ptr<const SampleSource> MakeSplit(absl::string_view name, int64_t size,
                                                Sha256* checksum) const {
    const int64_t image_bytes = int64_t{config_.channels()} * config_.height() * config_.width();
    const at::Tensor sorted_labels = at::empty({size}, at::kLong);
    auto* sorted_label = sorted_labels.mutable_data_ptr<int64_t>();
    for (int64_t i = 0; i < size; ++i) sorted_label[i] = i * config_.classes() / size;

    Painter painter(config_, name);
    const at::Tensor order = AlternateClasses(
        sorted_labels, MakeGenerator(config_.seed(), absl::StrCat("synthetic order ", name)));
    // place[i] is the place of image i of the images sorted by class.
    std::vector<int64_t> place(size);
    for (int64_t i = 0; i < size; ++i) place[order.const_data_ptr<int64_t>()[i]] = i;

    const at::Tensor images =
        at::empty({size, config_.channels(), config_.height(), config_.width()}, at::kByte);
    const at::Tensor labels = at::empty({size}, at::kLong);
    auto* pixels = images.mutable_data_ptr<uint8_t>();
    auto* label = labels.mutable_data_ptr<int64_t>();
    for (int64_t i = 0; i < size; ++i) {
      label[place[i]] = sorted_label[i];
      painter.Paint(static_cast<int>(sorted_label[i]), pixels + place[i] * image_bytes);
    }
    auto split = MakeMemorySource(images, labels, absl::StrCat("synthetic's ", name, " split"));
    split->AddTo(checksum);
    return split;
  }

  const SyntheticConfig config_;
  DatasetInfo info_;
};

absl::Status Check(const SyntheticConfig& config) {
  if (config.train_images() < 2 * config.classes()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataset.train_images: is ", config.train_images(), ", expected at least 2 for each of ",
        config.classes(), " classes, one for each half"));
  }
  if (config.test_images() < config.classes()) {
    return absl::InvalidArgumentError(absl::StrCat("dataset.test_images: is ", config.test_images(),
                                                   ", expected at least 1 for each of ",
                                                   config.classes(), " classes"));
  }
  const int64_t bytes = (int64_t{config.train_images()} + config.test_images()) *
                        config.channels() * config.height() * config.width();
  if (bytes > kMaxBytes) {
    return absl::InvalidArgumentError(absl::StrCat("dataset: the images of synthetic take ", bytes,
                                                   " bytes, expected at most ", kMaxBytes));
  }
  return absl::OkStatus();
}

const bool registered = Registry<Dataset>::Register<SyntheticConfig>(
    "synthetic", "colored gratings that are generated from a seed: no data needed",
    [](SyntheticConfig config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      PDARTS_RETURN_IF_ERROR(Check(config));
      return std::make_unique<Synthetic>(std::move(config));
    });

}  // namespace
}  // namespace pdarts
