#include <memory>
#include <utility>

#include "pdarts/core/registry.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/regularizers/edge_drop_path/edge_drop_path.pb.h"
#include "pdarts/regularizers/linear_ramp.h"

namespace pdarts {
namespace {

using regularizers::EdgeDropPathConfig;

class EdgeDropPath : public Regularizer {
 public:
  explicit EdgeDropPath(EdgeDropPathConfig config) : config_(std::move(config)) {}

  absl::Status OnStageBegin(const SearchContext& context) override { return Turn(context); }
  absl::Status OnEpochBegin(const SearchContext& context) override { return Turn(context); }

  std::vector<std::pair<std::string, double>> Report() const override {
    return {{"edge_drop_path", rate_}};
  }

 private:
  absl::Status Turn(const SearchContext& context) {
    rate_ = regularizers::LinearRamp(config_.initial_rate(), config_.final_rate(), context.epoch,
                                     /*begin=*/0, context.shape.epochs);
    return Annotate(context.net->SetKnob(config_.knob(), rate_),
                    "regularizers[edge_drop_path].knob");
  }

  const EdgeDropPathConfig config_;
  double rate_ = 0;
};

const bool registered = Registry<Regularizer>::Register<EdgeDropPathConfig>(
    "edge_drop_path", "drops edges of the super-network, ever more often, while weights train",
    [](EdgeDropPathConfig config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<EdgeDropPath>(std::move(config));
    });

}  // namespace
}  // namespace pdarts
