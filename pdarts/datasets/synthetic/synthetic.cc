#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/empty.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/sha256.h"
#include "pdarts/datasets/ordering.h"
#include "pdarts/datasets/synthetic/synthetic.pb.h"

namespace pdarts {
namespace {

using synthetic::SyntheticConfig;

class Synthetic : public Dataset {
 public:
  explicit Synthetic(SyntheticConfig config) : config_(std::move(config)) {
    info_.image = {config_.channels(), config_.height(), config_.width()};
    for (int c = 0; c < config_.classes(); ++c)
      info_.class_names.push_back(absl::StrCat("class", c));
    info_.mean.assign(config_.channels(), 0.5);
    info_.deviation.assign(config_.channels(), 0.25);
  }
  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    DatasetSplits splits;
    splits.train = Make(config_.train_images(), 0);
    splits.test = Make(config_.test_images(), 1);
    splits.source = "synthetic";
    Sha256 checksum;
    for (const ImageSplit* split : {&splits.train, &splits.test}) {
      checksum.Add(split->images.const_data_ptr(), split->images.nbytes());
      checksum.Add(split->labels.const_data_ptr(), split->labels.nbytes());
    }
    splits.checksum = absl::StrCat("sha256:", checksum.HexDigest());
    return splits;
  }

  /// What a class looks like without noise, `[C,H,W]` in [0.25, 0.75].
  at::Tensor Prototype(int64_t label) const {
    const double angle = M_PI * static_cast<double>(label) / config_.classes();
    const at::Tensor y = at::arange(config_.height(), at::kDouble).unsqueeze(1);
    const at::Tensor x = at::arange(config_.width(), at::kDouble).unsqueeze(0);
    const at::Tensor grating =
        y.mul(std::sin(angle)).add(x.mul(std::cos(angle))).mul(2 * M_PI / 8).sin();
    const at::Tensor colour =
        at::empty({config_.channels(), 1, 1}, at::kDouble)
            .uniform_(-1, 1, MakeGenerator(Seed(), "colour", static_cast<uint64_t>(label)));
    return grating.unsqueeze(0).add(colour).mul(0.125).add(0.5);
  }

  /// `images` images, sorted by class and then put into an order in which classes alternate.
  ImageSplit Make(int64_t images, uint64_t split) const {
    const at::Tensor labels =
        at::arange(images, at::kLong).mul(config_.classes()).div(images, "floor");
    std::vector<at::Tensor> prototypes;
    for (int64_t c = 0; c < config_.classes(); ++c) prototypes.push_back(Prototype(c));
    at::Generator noise = MakeGenerator(Seed(), "noise", split);
    ImageSplit made;
    made.images =
        at::empty({images, config_.channels(), config_.height(), config_.width()}, at::kByte);
    for (int64_t i = 0; i < images; ++i) {
      const at::Tensor& prototype = prototypes[labels[i].item<int64_t>()];
      const at::Tensor image =
          at::empty(prototype.sizes(), at::kDouble).normal_(0, 1, noise).mul(config_.noise());
      made.images[i].copy_(image.add(prototype).clamp(0, 1).mul(255).round());
    }
    const at::Tensor order = AlternateClasses(labels, MakeGenerator(Seed(), "order", split));
    made.images = made.images.index_select(0, order);
    made.labels = labels.index_select(0, order);
    return made;
  }

  uint64_t Seed() const { return static_cast<uint64_t>(config_.seed()); }

  const SyntheticConfig config_;
  DatasetInfo info_;
};

const bool registered = Registry<Dataset>::Register<SyntheticConfig>(
    "synthetic", "made images whose classes can be learnt",
    [](SyntheticConfig config) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      return std::make_unique<Synthetic>(std::move(config));
    });

}  // namespace
}  // namespace pdarts
