#include <memory>
#include <string>

#include "ATen/CPUGeneratorImpl.h"
#include "ATen/core/Tensor.h"
#include "ATen/ops/empty.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/sha256.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "shapes/shapes.pb.h"

namespace example {
namespace {

constexpr int kSide = 16;        // of an image, in pixels
constexpr int kShapeSide = 7;    // of a shape, in pixels
constexpr int kBackground = 96;  // the limit of the gray levels of the background

class Shapes : public pdarts::Dataset {
 public:
  explicit Shapes(const ShapesConfig& config) : config_(config) {
    info_.image = {/*channels=*/1, kSide, kSide};
    info_.class_names = {"square", "cross", "diagonal"};
    info_.mean = {0.22};
    info_.deviation = {0.16};
  }

  const pdarts::DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<pdarts::DatasetSplits> DoLoad(const pdarts::LoadOptions&) const override {
    pdarts::Sha256 checksum;
    pdarts::DatasetSplits splits;
    splits.train = Draw("shapes train", config_.train_images(), &checksum);
    splits.test = Draw("shapes test", config_.test_images(), &checksum);
    splits.info = info_;
    splits.source = absl::StrCat("drawn by shapes, seed ", config_.seed());
    splits.checksum = absl::StrCat("sha256:", checksum.Hex());
    return splits;
  }

  /// Images whose classes alternate, so that both halves have images of all classes.
  std::shared_ptr<const pdarts::SampleSource> Draw(absl::string_view purpose, int64_t size,
                                                   pdarts::Sha256* checksum) const {
    const at::Generator generator = pdarts::MakeGenerator(config_.seed(), purpose);
    const auto random = [&](int below) {
      return static_cast<int>(at::check_generator<at::CPUGeneratorImpl>(generator)->random() %
                              below);
    };
    const at::Tensor images = at::empty({size, 1, kSide, kSide}, at::kByte);
    const at::Tensor labels = at::empty({size}, at::kLong);
    auto* pixel = images.mutable_data_ptr<uint8_t>();
    for (int64_t n = 0; n < size; ++n) {
      const int label = static_cast<int>(n % 3);
      labels.mutable_data_ptr<int64_t>()[n] = label;
      const int top = random(kSide - kShapeSide + 1), left = random(kSide - kShapeSide + 1);
      for (int row = 0; row < kSide; ++row) {
        for (int column = 0; column < kSide; ++column) {
          const int ink = IsInShape(label, row - top, column - left) ? 128 : 0;
          *pixel++ = static_cast<uint8_t>(random(kBackground) + ink);
        }
      }
    }
    auto split = pdarts::MakeMemorySource(images, labels, std::string(purpose));
    split->AddTo(checksum);
    return split;
  }

  static bool IsInShape(int label, int row, int column) {
    const int last = kShapeSide - 1;
    if (row < 0 || row > last || column < 0 || column > last) return false;
    if (label == 0) return row == 0 || row == last || column == 0 || column == last;
    if (label == 1) return row == last / 2 || column == last / 2;
    return row == column;
  }

  const ShapesConfig config_;
  pdarts::DatasetInfo info_;
};

const bool registered = pdarts::Registry<pdarts::Dataset>::Register<ShapesConfig>(
    "shapes", "squares, crosses and diagonals, drawn on the spot",
    [](const ShapesConfig& config) -> absl::StatusOr<std::unique_ptr<pdarts::Dataset>> {
      return std::make_unique<Shapes>(config);
    });

}  // namespace
}  // namespace example
