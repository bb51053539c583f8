#ifndef PDARTS_CORE_KNOB_H_
#define PDARTS_CORE_KNOB_H_

#include <string>
#include <vector>

namespace pdarts {

/// A number that regularisers may turn while a super-network trains, declared by the network.
struct Knob {
  std::string name;  ///< "skip_connect.dropout"
  std::string description;
  double min = 0;
  double max = 1;
  double value = 0;
};

/// The names of knobs for a message: "a, b", or "none".
std::string KnobNames(const std::vector<Knob>& knobs);

}  // namespace pdarts

#endif  // PDARTS_CORE_KNOB_H_
