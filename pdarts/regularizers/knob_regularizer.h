#ifndef PDARTS_REGULARIZERS_KNOB_REGULARIZER_H_
#define PDARTS_REGULARIZERS_KNOB_REGULARIZER_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/core/regularizer.h"

namespace pdarts::regularizers {

/// Sets one of the super-network's knobs at each stage's and each epoch's beginning. Refuses a
/// space whose super-networks have no such knob.
class KnobRegularizer : public Regularizer {
 public:
  /// name: of the plugin, and of the value in the log. knob: the one that is turned.
  KnobRegularizer(std::string name, std::string knob)
      : name_(std::move(name)), knob_(std::move(knob)) {}

  absl::Status Check(const SearchSpace& space, const ProgressiveSchedule& schedule) const override;
  absl::Status OnStageBegin(const SearchContext& context) override { return Turn(context); }
  absl::Status OnEpochBegin(const SearchContext& context) override { return Turn(context); }
  std::optional<std::vector<double>> PenaltyConstants() const override {
    return std::vector<double>();  // it has no penalties
  }
  std::vector<std::pair<std::string, double>> Report() const override { return {{name_, value_}}; }

 private:
  /// What the knob is set to.
  virtual double Value(const SearchContext& context) const = 0;

  absl::Status Turn(const SearchContext& context);

  const std::string name_;
  const std::string knob_;
  double value_ = 0;
};

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_KNOB_REGULARIZER_H_
