#include "pdarts/core/device_numbers.h"

#include "ATen/ops/empty.h"

namespace pdarts {

void DeviceNumbers::Put(ForwardContext* context, const std::vector<Knob>& knobs) {
  if (device_.is_cpu()) return;
  const std::array<int64_t, 3> counter = context->masks.Counter();
  const bool is_first = !counter_.defined();
  if (is_first) counter_ = at::empty({3}, at::TensorOptions(at::kLong).device(device_));
  for (size_t i = 0; i < counter.size(); ++i) {
    if (is_first || counter[i] != written_[i]) {
      counter_.select(0, static_cast<int64_t>(i)).fill_(counter[i]);
    }
  }
  written_ = counter;
  PutRate(kDropPathRate, context->drop_path);
  for (const Knob& knob : knobs) PutRate(knob.name, knob.value);
  context->masks = context->masks.OnDevice(counter_);
  context->device_rates = &rates_;
}

void DeviceNumbers::PutRate(absl::string_view name, double value) {
  for (NamedRate& known : rates_) {
    if (known.name != name) continue;
    if (known.rate.value != value) known.rate.on_device.fill_(value);
    known.rate.value = value;
    return;
  }
  const at::Tensor on_device = at::empty({}, at::TensorOptions(at::kDouble).device(device_));
  on_device.fill_(value);
  rates_.push_back({std::string(name), Rate(value, on_device)});
}

std::vector<double> DeviceNumbers::Pattern() const {
  std::vector<double> pattern;
  for (const NamedRate& named : rates_) {
    const double value = named.rate.value;
    pattern.push_back(value == 0 || value == 1 ? value : 0.5);
  }
  return pattern;
}

}  // namespace pdarts
