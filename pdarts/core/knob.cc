#include "pdarts/core/knob.h"

#include "absl/strings/str_join.h"

namespace pdarts {

std::vector<Knob> StandardKnobs() {
  return {{kSkipDropoutKnob,
           "probability with which an element of the output of a skip connection of stride 1 is "
           "dropped in training",
           0, 1, 0},
          {kEdgeDropPathKnob,
           "probability with which the output of an edge is dropped for an image while the weights "
           "are trained",
           0, 1, 0}};
}

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
