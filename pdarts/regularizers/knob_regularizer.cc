#include "pdarts/regularizers/knob_regularizer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/super_net.h"

namespace pdarts::regularizers {

absl::Status KnobRegularizer::Check(const SearchSpace& space, const ProgressiveSchedule&) const {
  const std::vector<Knob> known = space.knobs();
  if (std::any_of(known.begin(), known.end(), [&](const Knob& k) { return k.name == knob_; })) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("regularizers[", name_, "].knob: the ",
                                                 space.name(), " space has no knob \"", knob_,
                                                 "\"; it has: ", KnobNames(known)));
}

absl::Status KnobRegularizer::Turn(const SearchContext& context) {
  value_ = Value(context);
  return Annotate(context.super_net->SetKnob(knob_, value_),
                  absl::StrCat("regularizers[", name_, "].knob"));
}

}  // namespace pdarts::regularizers
