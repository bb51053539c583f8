#include "pdarts/regularizers/skip_dropout/skip_dropout.h"

#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/registry.h"
#include "pdarts/regularizers/knob_regularizer.h"
#include "pdarts/regularizers/skip_dropout/skip_dropout.pb.h"

namespace pdarts {
namespace regularizers {

double SkipDropoutRate(double initial_rate, int epoch, int epochs, int warmup_epochs,
                       double decay) {
  if (epoch < warmup_epochs) return initial_rate * (epochs - epoch - 1) / epochs;
  return initial_rate * std::exp(-decay * (epoch - warmup_epochs));
}

}  // namespace regularizers

namespace {

using regularizers::SkipDropoutConfig;

class SkipDropout : public regularizers::KnobRegularizer {
 public:
  explicit SkipDropout(SkipDropoutConfig config)
      : KnobRegularizer("skip_dropout", config.knob()), config_(std::move(config)) {}

  absl::Status Check(const SearchSpace& space, const ProgressiveSchedule& schedule) const override {
    PDARTS_RETURN_IF_ERROR(KnobRegularizer::Check(space, schedule));
    if (config_.initial_rates_size() == schedule.num_stages()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "regularizers[skip_dropout].initial_rates: has ", config_.initial_rates_size(),
        " elements, expected one for each stage of the schedule: ", schedule.num_stages()));
  }

 private:
  double Value(const SearchContext& context) const override {
    return regularizers::SkipDropoutRate(config_.initial_rates(context.stage), context.epoch,
                                         context.shape.epochs, context.shape.warmup_epochs,
                                         config_.decay());
  }

  const SkipDropoutConfig config_;
};

const bool registered = Registry<Regularizer>::Register<SkipDropoutConfig>(
    "skip_dropout", "decaying dropout on the output of skip_connect (P-DARTS)",
    [](SkipDropoutConfig config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<SkipDropout>(std::move(config));
    });

}  // namespace
}  // namespace pdarts
