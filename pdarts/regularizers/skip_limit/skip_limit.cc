#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/regularizers/skip_limit/skip_limit.pb.h"

namespace pdarts {
namespace {

using regularizers::SkipLimitConfig;

class SkipLimit : public Regularizer {
 public:
  explicit SkipLimit(SkipLimitConfig config) : config_(std::move(config)) {}

  absl::Status Check(const SearchSpace& space, const ProgressiveSchedule& schedule) const override {
    std::vector<std::string> kinds;
    for (const CellKind& kind : space.topology().kinds) {
      kinds.push_back(kind.name);
      if (kind.name != config_.cell_kind()) continue;
      if (OperationIndex(kind, config_.operation()) >= 0) return absl::OkStatus();
      return absl::InvalidArgumentError(absl::StrCat(
          "regularizers[skip_limit].operation: \"", config_.operation(), "\" is unknown to the ",
          space.name(), " space; known: ", absl::StrJoin(kind.operations, ", ")));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "regularizers[skip_limit].cell_kind: \"", config_.cell_kind(), "\" is unknown to the ",
        space.name(), " space; known: ", absl::StrJoin(kinds, ", ")));
  }

  std::optional<std::vector<double>> PenaltyConstants() const override {
    return std::vector<double>();  // it has no penalties
  }

  absl::Status ConstrainDerivation(const SearchSpace& space,
                                   DerivationOptions* options) const override {
    options->limits.push_back({config_.cell_kind(), config_.operation(), config_.max()});
    return absl::OkStatus();
  }

 private:
  const SkipLimitConfig config_;
};

const bool registered = Registry<Regularizer>::Register<SkipLimitConfig>(
    "skip_limit", "a maximum number of skip_connect in a derived cell (P-DARTS)",
    [](SkipLimitConfig config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<SkipLimit>(std::move(config));
    });

}  // namespace
}  // namespace pdarts
