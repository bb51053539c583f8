#ifndef PDARTS_CORE_DEVICE_NUMBERS_H_
#define PDARTS_CORE_DEVICE_NUMBERS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/strings/string_view.h"
#include "c10/core/Device.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/knob.h"
#include "pdarts/core/rate.h"

namespace pdarts {

/// The numbers of a pass that change from step to step, in the memory of a device: the counter of
/// the masks (Masks::Counter) and the rates. The tensors keep their addresses, so that a recorded
/// step (a CUDA graph) reads the numbers of the current step. Put writes a number with `fill_` on
/// one element. `fill_` neither copies memory of the host nor waits for the device.
///
/// The backward pass of dropout reads the numbers again. So Put must not be called between the
/// forward and the backward pass of a context. If it was, autograd reports an error.
class DeviceNumbers {
 public:
  /// device: the device of the network. On the CPU, Put does nothing.
  explicit DeviceNumbers(c10::Device device) : device_(device) {}
  DeviceNumbers(const DeviceNumbers&) = delete;
  DeviceNumbers& operator=(const DeviceNumbers&) = delete;

  /// Writes the numbers of a pass that differ from the numbers of the previous pass, and makes
  /// `context` draw on the device: its masks get OnDevice, and its rates get their tensors. This
  /// object must outlive the pass. A context of an earlier call stays usable, but then has the
  /// numbers of this call.
  ///
  /// knobs: of the super-network that uses the context. Call Put outside of a captured graph.
  void Put(ForwardContext* context, const std::vector<Knob>& knobs = {});

  /// For each rate of the last Put, in a fixed order: 0, 1, or 0.5 if the rate is between 0 and 1.
  /// If these numbers change, the network computes other operations. Empty on the CPU.
  std::vector<double> Pattern() const;

 private:
  void PutRate(absl::string_view name, double value);

  const c10::Device device_;
  at::Tensor counter_;  ///< `[3]` int64
  std::array<int64_t, 3> written_ = {};
  std::vector<NamedRate> rates_;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_DEVICE_NUMBERS_H_
