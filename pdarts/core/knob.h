#ifndef PDARTS_CORE_KNOB_H_
#define PDARTS_CORE_KNOB_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace pdarts {

/// A number of a super-network that regularizers may set during the search. The network declares
/// it.
struct Knob {
  std::string name;  ///< "skip_connect.dropout"
  std::string description;
  double min = 0;
  double max = 1;
  double value = 0;
};

/// The operations and cells of pdarts/nn read the following knobs. A super-network that declares
/// one of them needs no further code for it.
///
/// The probability with which an element of the output of a `skip_connect` of stride 1 is dropped
/// in training (docs/algorithm.md, "Skip dropout").
inline constexpr char kSkipDropoutKnob[] = "skip_connect.dropout";
/// The probability with which an edge of a mixed cell, with all of its operations, is dropped for
/// an image while the weights are trained.
inline constexpr char kEdgeDropPathKnob[] = "edge.drop_path";
/// These two knobs, in this order. Their initial values are 0.
std::vector<Knob> StandardKnobs();

/// The knob with this name; null if there is none.
const Knob* FindKnob(const std::vector<Knob>& knobs, absl::string_view name);

/// The names of knobs for a message: "a, b", or "none".
std::string KnobNames(const std::vector<Knob>& knobs);

}  // namespace pdarts

#endif  // PDARTS_CORE_KNOB_H_
