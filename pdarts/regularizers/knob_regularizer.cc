#include "pdarts/regularizers/knob_regularizer.h"

#include "absl/strings/str_cat.h"
#include "pdarts/core/status_macros.h"

namespace pdarts::regularizers {

absl::Status KnobRegularizer::Turn(const SearchContext& context) {
  value_ = Value(context);
  return Annotate(context.net->SetKnob(knob_, value_),
                  absl::StrCat("regularizers[", name_, "].knob"));
}

}  // namespace pdarts::regularizers
