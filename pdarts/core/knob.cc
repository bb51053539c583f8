#include "pdarts/core/knob.h"

#include "absl/strings/str_join.h"

namespace pdarts {

const Knob* FindKnob(const std::vector<Knob>& knobs, absl::string_view name) {
  for (const Knob& knob : knobs) {
    if (knob.name == name) return &knob;
  }
  return nullptr;
}

std::string KnobNames(const std::vector<Knob>& knobs) {
  if (knobs.empty()) return "none";
  return absl::StrJoin(knobs, ", ",
                       [](std::string* out, const Knob& knob) { out->append(knob.name); });
}

}  // namespace pdarts
