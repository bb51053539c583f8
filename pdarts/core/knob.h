#ifndef PDARTS_CORE_KNOB_H_
#define PDARTS_CORE_KNOB_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace pdarts {

/// A number that regularisers may turn while a super-network trains, declared by the network.
struct Knob {
  std::string name;  ///< "skip_connect.dropout"
  std::string description;
  double min = 0;
  double max = 1;
  double value = 0;
};

/// The knobs that the operations and cells of pdarts/nn go by. A super-network that declares one of
/// them needs no code for it.
///
/// Probability with which an element of the output of a `skip_connect` of stride 1 is dropped in
/// training (docs/algorithm.md, "Skip dropout").
inline constexpr char kSkipDropoutKnob[] = "skip_connect.dropout";
/// Probability with which an edge of a mixed cell is dropped for a sample while weights train, all
/// its operations together.
inline constexpr char kEdgeDropPathKnob[] = "edge.drop_path";

/// The knob of this name; null if there is none.
const Knob* FindKnob(const std::vector<Knob>& knobs, absl::string_view name);

/// The names of knobs for a message: "a, b", or "none".
std::string KnobNames(const std::vector<Knob>& knobs);

}  // namespace pdarts

#endif  // PDARTS_CORE_KNOB_H_
