#include "pdarts/nn/kernels/dropout.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>

#include "ATen/TensorOperators.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/full.h"
#include "c10/util/Exception.h"
#include "glog/logging.h"
#include "pdarts/device/operators.h"
#include "pdarts/nn/kernels/activation_storage.h"
#include "pdarts/nn/kernels/loops.h"
#include "pdarts/nn/kernels/parallel.h"
#include "torch/csrc/autograd/custom_function.h"

namespace pdarts::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kBlock = 4096;

/// Numbers of elements in an image have 32 bits.
void CheckSizes(at::IntArrayRef sizes) {
  CHECK_EQ(sizes.size(), 4u) << "[N,C,H,W]";
  // A product of doubles cannot overflow.
  const double elements = std::accumulate(sizes.begin() + 1, sizes.end(), 1.0, std::multiplies<>());
  TORCH_CHECK(elements < 4294967296.0, "the images of a batch [N,C,H,W] of ", sizes, " have ",
              elements, " elements; random numbers can be drawn for fewer than 2^32 an image");
}

/// Calls body(image, first, count) for blocks of the elements of every image, on several threads.
void ForBlocks(at::IntArrayRef sizes,
               const std::function<void(int64_t image, int64_t first, int64_t count)>& body) {
  const int64_t elements = sizes[1] * sizes[2] * sizes[3];
  const int64_t blocks = (elements + kBlock - 1) / kBlock;
  ParallelFor(sizes[0] * blocks, [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % blocks * kBlock;
      body(i / blocks, first, std::min(kBlock, elements - first));
    }
  });
}

/// The rate in the memory of the device that draws.
at::Tensor OnDeviceOf(const at::Tensor& counter, const Rate& rate) {
  if (rate.on_device.defined()) return rate.on_device;
  // A kernel writes the value. It is not copied from the host.
  return at::full({}, rate.value, counter.options().dtype(at::kDouble));
}

/// operators::Dropout with its gradient. The backward pass draws the mask again, so the mask is not
/// kept.
class DropoutOnDevice : public torch::autograd::Function<DropoutOnDevice> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& counter, int64_t place, const at::Tensor& rate,
                            bool rounds_scale_once) {
    context->save_for_backward({counter, rate});
    context->saved_data["place"] = place;
    context->saved_data["rounds_scale_once"] = rounds_scale_once;
    return operators::Dropout(x, counter, place, rate, rounds_scale_once);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    variable_list of_inputs(5);
    if (!gradients[0].defined()) return of_inputs;
    // Throws if another pass has written its numbers since.
    const variable_list saved = context->get_saved_variables();
    of_inputs[0] = apply(gradients[0], saved[0], context->saved_data["place"].toInt(), saved[1],
                         context->saved_data["rounds_scale_once"].toBool());
    return of_inputs;
  }
};

}  // namespace

at::Tensor DropoutMask(at::IntArrayRef sizes, double probability, const Masks& masks,
                       InstructionSet instructions) {
  CheckSizes(sizes);
  const std::optional<uint32_t> threshold = DropThreshold(probability);
  const at::Tensor mask = at::empty(sizes, at::kByte, at::MemoryFormat::ChannelsLast);
  if (!threshold) return mask.zero_();
  uint8_t* const to = mask.mutable_data_ptr<uint8_t>();
  const int64_t elements = sizes[1] * sizes[2] * sizes[3];
  const auto draw = Loops<float>(instructions).dropout_mask;
  ForBlocks(sizes, [&](int64_t image, int64_t first, int64_t count) {
    // Each image uses a generator of 128 bits, and its elements use a cheaper one.
    const std::array<uint32_t, 4> bits = masks.Bits(image);
    const uint64_t key = static_cast<uint64_t>(bits[1]) << 32 | bits[0];
    draw(key, static_cast<uint32_t>(first), *threshold, count, to + image * elements + first);
  });
  return mask;
}

at::Tensor NormalNoise(at::IntArrayRef sizes, const Masks& masks) {
  CheckSizes(sizes);
  if (const at::Tensor& counter = masks.device_counter(); counter.defined()) {
    return operators::NormalNoise(counter, masks.Place(), sizes);
  }
  const at::Tensor noise = at::empty(sizes, at::kFloat, at::MemoryFormat::ChannelsLast);
  float* const to = noise.mutable_data_ptr<float>();
  const int64_t elements = sizes[1] * sizes[2] * sizes[3];
  ForBlocks(sizes, [&](int64_t image, int64_t first, int64_t count) {
    masks.Normal(image, first, count, to + image * elements + first);
  });
  return noise;
}

at::Tensor DropElements(const at::Tensor& x, const Rate& rate, const Masks& masks,
                        DropoutScale scale) {
  if (rate.value == 1) return x * 0;
  if (const at::Tensor& counter = masks.device_counter(); counter.defined()) {
    CheckSizes(x.sizes());
    return DropoutOnDevice::apply(x, counter, masks.Place(), OnDeviceOf(counter, rate),
                                  scale == DropoutScale::kOfCell);
  }
  const ActivationStorage storage(x);
  const at::Tensor wide = storage.Widen(x);
  at::Tensor factors = DropoutMask(x.sizes(), rate.value, masks).to(wide.options());
  if (scale == DropoutScale::kOfLayer) {
    factors.div_(1 - rate.value);
  } else {
    factors.mul_(1 / (1 - rate.value));
  }
  return storage.Narrow(wide * factors);
}

operators::SummandDropout NumbersOf(const DeviceDropout& dropout, at::IntArrayRef sizes) {
  CheckSizes(sizes);
  const at::Tensor& counter = dropout.masks.device_counter();
  CHECK(counter.defined()) << "the masks draw on the CPU";
  return {counter, OnDeviceOf(counter, dropout.rate)};
}

std::vector<at::Tensor> ImageScales(const std::vector<Masks>& places, int64_t images,
                                    const Rate& rate) {
  if (places.empty()) return {};
  if (const at::Tensor& counter = places[0].device_counter(); counter.defined()) {
    std::vector<int64_t> numbers;
    for (const Masks& place : places) numbers.push_back(place.Place());
    return operators::ImageScales(counter, numbers, images, OnDeviceOf(counter, rate)).unbind(0);
  }
  std::vector<at::Tensor> scales;
  for (const Masks& place : places) {
    const at::Tensor& scale = scales.emplace_back(place.ImageMask(images, rate.value));
    // If everything is dropped, there is nothing to scale.
    if (rate.value < 1) scale.div_(1 - rate.value);
  }
  return scales;
}

}  // namespace pdarts::nn
