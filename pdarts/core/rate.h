#ifndef PDARTS_CORE_RATE_H_
#define PDARTS_CORE_RATE_H_

#include <string>
#include <utility>

#include "ATen/core/Tensor.h"

namespace pdarts {

/// A probability with which a pass drops something. The host decides by `value` what is computed:
/// nothing is dropped at 0, and everything at 1. The numbers that a device computes between these
/// two come from `on_device`, so that a step that a device repeats (a CUDA graph) follows a rate
/// that changes.
struct Rate {
  // NOLINTNEXTLINE(google-explicit-constructor): a rate that only the host knows is a number
  Rate(double value = 0, at::Tensor on_device = {})
      : value(value), on_device(std::move(on_device)) {}

  double value;
  /// A float64 scalar of the same value in the memory of a device, or undefined.
  at::Tensor on_device;
};

/// A rate that lies in the memory of a device under a name (DeviceNumbers).
struct NamedRate {
  std::string name;
  Rate rate;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_RATE_H_
