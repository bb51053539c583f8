#ifndef PDARTS_CORE_FORWARD_CONTEXT_H_
#define PDARTS_CORE_FORWARD_CONTEXT_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "pdarts/core/knob.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/rate.h"

namespace pdarts {

class Communicator;

/// The name of ForwardContext::drop_path among ForwardContext::device_rates.
inline constexpr char kDropPathRate[] = "drop_path";

/// What a pass through a network is beyond its input and the modules' mode. It is handed to the
/// network and on from layer to layer, so that no layer has hidden state. The default is a pass of
/// its own: running statistics move in training mode, and random numbers are those of evaluation.
struct ForwardContext {
  /// Whether batch normalisations in training mode move their running statistics.
  bool update_statistics = true;
  /// Whether a super-network in training mode drops edges where kEdgeDropPathKnob says so: the
  /// weights' loss does, the alphas' doesn't.
  bool drop_edges = true;
  /// Probability with which a derived network in training mode drops an edge's output for a sample,
  /// except for edges that are an identity (docs/algorithm.md, "Drop path").
  double drop_path = 0;
  /// Those of the super-network that the pass goes through, which SuperNet::Forward sets; null
  /// elsewhere. They must outlive the pass.
  const std::vector<Knob>* knobs = nullptr;
  /// The processes whose images are one batch for the batch normalizations in training mode: mean
  /// and variance are those of all images. Null: of this process's images alone. It must outlive
  /// the backward pass.
  Communicator* communicator = nullptr;
  /// Where masks and noise come from.
  Masks masks;
  /// The rates that lie in the memory of the network's device (DeviceNumbers), or null. They must
  /// outlive the backward pass.
  const std::vector<NamedRate>* device_rates = nullptr;

  /// The value of a knob, or `otherwise` if the network has no knob of this name.
  double KnobOr(absl::string_view name, double otherwise) const {
    const Knob* const knob = knobs == nullptr ? nullptr : FindKnob(*knobs, name);
    return knob == nullptr ? otherwise : knob->value;
  }

  /// The value of a knob, or 0 if the network has no knob of this name, as a rate.
  Rate KnobRate(absl::string_view name) const { return WithDevice(name, KnobOr(name, 0)); }
  /// `drop_path` as a rate.
  Rate DropPathRate() const { return WithDevice(kDropPathRate, drop_path); }

  /// The context for part number `part` of what this context is for: the same but for the place of
  /// the masks (Masks::At).
  ForwardContext At(int64_t part) const {
    ForwardContext context = *this;
    context.masks = masks.At(part);
    return context;
  }

 private:
  /// A rate of the device is used only where it holds this value.
  Rate WithDevice(absl::string_view name, double value) const {
    if (device_rates == nullptr) return value;
    for (const NamedRate& known : *device_rates) {
      if (known.name == name && known.rate.value == value) return known.rate;
    }
    return value;
  }
};

}  // namespace pdarts

#endif  // PDARTS_CORE_FORWARD_CONTEXT_H_
