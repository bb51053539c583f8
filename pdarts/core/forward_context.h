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

/// The arguments of a forward pass besides the input and the mode of the modules. The network gets
/// the context and passes it on to each layer, so that no layer has hidden state. The default
/// context is for a pass without a trainer: in training mode the running statistics move, and the
/// random numbers are those of an evaluation.
struct ForwardContext {
  /// Whether batch normalizations in training mode move their running statistics.
  bool update_statistics = true;
  /// Whether a super-network in training mode drops edges with the probability of
  /// kEdgeDropPathKnob. It is true for the loss of the weights, and false for the loss of the
  /// alphas.
  bool drop_edges = true;
  /// Probability with which a derived network in training mode drops the output of an edge for an
  /// image. Edges that are an identity are never dropped (docs/algorithm.md, "Drop path").
  double drop_path = 0;
  /// The knobs of the super-network that computes the pass. SuperNet::Forward sets them. Null in
  /// other networks. They must outlive the pass.
  const std::vector<Knob>* knobs = nullptr;
  /// The processes whose images are one batch for the batch normalizations in training mode, which
  /// then use mean and variance of all images. Null: only the images of this process are the batch.
  /// It must outlive the backward pass.
  Communicator* communicator = nullptr;
  /// The source of masks and noise.
  Masks masks;
  /// The rates in the memory of the network's device (DeviceNumbers), or null. They must outlive
  /// the backward pass.
  const std::vector<NamedRate>* device_rates = nullptr;

  /// The value of a knob, or `otherwise` if the network has no knob of this name.
  double KnobOr(absl::string_view name, double otherwise) const {
    const Knob* const knob = knobs == nullptr ? nullptr : FindKnob(*knobs, name);
    return knob == nullptr ? otherwise : knob->value;
  }

  /// The value of a knob as a rate, or 0 if the network has no knob of this name.
  Rate KnobRate(absl::string_view name) const { return WithDevice(name, KnobOr(name, 0)); }
  /// `drop_path` as a rate.
  Rate DropPathRate() const { return WithDevice(kDropPathRate, drop_path); }

  /// The context for part number `part`: the same values, except for the place of the masks
  /// (Masks::At).
  ForwardContext At(int64_t part) const {
    ForwardContext context = *this;
    context.masks = masks.At(part);
    return context;
  }

 private:
  /// A rate of the device is used only if its value is equal to `value`.
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
