#include <memory>
#include <utility>

#include "pdarts/core/registry.h"
#include "pdarts/regularizers/edge_drop_path/edge_drop_path.pb.h"
#include "pdarts/regularizers/knob_regularizer.h"
#include "pdarts/regularizers/linear_ramp.h"

namespace pdarts {
namespace {

using regularizers::EdgeDropPathConfig;

class EdgeDropPath : public regularizers::KnobRegularizer {
 public:
  explicit EdgeDropPath(EdgeDropPathConfig config)
      : KnobRegularizer("edge_drop_path", config.knob()), config_(std::move(config)) {}

 private:
  double Value(const SearchContext& context) const override {
    return regularizers::LinearRamp(config_.initial_rate(), config_.final_rate(), context.epoch,
                                    /*begin=*/0, context.shape.epochs);
  }

  const EdgeDropPathConfig config_;
};

const bool registered = Registry<Regularizer>::Register<EdgeDropPathConfig>(
    "edge_drop_path",
    "drops edges of the super-network while weights train, with a growing probability",
    [](EdgeDropPathConfig config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<EdgeDropPath>(std::move(config));
    });

}  // namespace
}  // namespace pdarts
