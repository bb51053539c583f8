#ifndef PDARTS_CORE_RATE_H_
#define PDARTS_CORE_RATE_H_

#include <string>
#include <utility>

#include "ATen/core/Tensor.h"

namespace pdarts {

/// A probability with which a pass drops something. The host chooses the operations by `value`:
/// nothing is dropped at 0, and everything is dropped at 1. Between these two values, a device
/// computes with `on_device`, so that a recorded step (a CUDA graph) follows a changing rate.
struct Rate {
  // NOLINTNEXTLINE(google-explicit-constructor): a rate that only the host knows is a number
  Rate(double value = 0, at::Tensor on_device = {})
      : value(value), on_device(std::move(on_device)) {}

  double value;
  /// A float64 scalar with the same value in the memory of a device, or undefined.
  at::Tensor on_device;
};

/// A rate in the memory of a device, with its name (DeviceNumbers).
struct NamedRate {
  std::string name;
  Rate rate;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_RATE_H_
