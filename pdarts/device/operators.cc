#include "pdarts/device/operators.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "ATen/Dispatch.h"
#include "ATen/core/dispatch/Dispatcher.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/empty_like.h"
#include "c10/util/Exception.h"
#include "pdarts/device/kernels.h"
#include "torch/library.h"

namespace pdarts::operators {
namespace {

// The kernels for the CPU. A test device computes with them, too.

at::Tensor ImageScalesCpu(const at::Tensor& counter, at::IntArrayRef places, int64_t images,
                          const at::Tensor& rate) {
  const at::Tensor scales =
      at::empty({static_cast<int64_t>(places.size()), images}, counter.options().dtype(at::kFloat));
  const auto* const from = counter.const_data_ptr<int64_t>();
  const double probability = rate.const_data_ptr<double>()[0];
  auto* out = scales.mutable_data_ptr<float>();
  for (const int64_t place : places) {
    for (int64_t i = 0; i < images; ++i) *out++ = ImageScale(from, place, i, probability);
  }
  return scales;
}

at::Tensor DropoutCpu(const at::Tensor& x, const at::Tensor& counter, int64_t place,
                      const at::Tensor& rate, bool rounds_scale_once) {
  const at::Tensor out = at::empty_like(x);
  const ElementOrder order = {x.size(1), x.size(2) * x.size(3),
                              x.is_contiguous(at::MemoryFormat::ChannelsLast)};
  const int64_t elements = order.channels * order.pixels;
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "dropout", [&] {
    using T = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
    const auto* from = x.const_data_ptr<scalar_t>();
    auto* to = out.mutable_data_ptr<scalar_t>();
    for (int64_t image = 0; image < x.size(0); ++image, from += elements, to += elements) {
      const ImageDropout<T> dropout =
          DropoutOfImage<T>(counter.const_data_ptr<int64_t>(), place, image,
                            rate.const_data_ptr<double>()[0], rounds_scale_once);
      for (int64_t i = 0; i < elements; ++i) {
        to[i] = static_cast<scalar_t>(static_cast<T>(from[i]) * dropout.Factor(order.NumberOf(i)));
      }
    }
  });
  return out;
}

at::Tensor NormalNoiseCpu(const at::Tensor& counter, int64_t place, at::IntArrayRef sizes) {
  const at::Tensor noise =
      at::empty(sizes, counter.options().dtype(at::kFloat), at::MemoryFormat::ChannelsLast);
  const int64_t elements = sizes[1] * sizes[2] * sizes[3];
  auto* to = noise.mutable_data_ptr<float>();
  for (int64_t image = 0; image < sizes[0]; ++image, to += elements) {
    for (int64_t i = 0; i < elements; i += 4) {
      std::array<float, 4> four;
      mask_arithmetic::Normal(
          BitsOf(counter.const_data_ptr<int64_t>(), place, image, static_cast<uint32_t>(i / 4)),
          four.data());
      std::copy_n(four.begin(), std::min<int64_t>(4, elements - i), to + i);
    }
  }
  return noise;
}

at::Tensor TransformSmallImagesCpu(const at::Tensor& images, const at::Tensor& maps,
                                   const at::Tensor& table) {
  const at::Tensor out = at::empty(images.sizes(), table.options());
  const int64_t channels = images.size(1), height = images.size(2), width = images.size(3);
  AT_DISPATCH_FLOATING_TYPES(table.scalar_type(), "transform_small_images", [&] {
    const auto* from = images.const_data_ptr<uint8_t>();
    const auto* map = maps.const_data_ptr<int32_t>();
    auto* to = out.mutable_data_ptr<scalar_t>();
    for (int64_t n = 0; n < images.size(0); ++n, map += kImageNumbers) {
      const auto* of_channel = table.const_data_ptr<scalar_t>();
      for (int64_t c = 0; c < channels; ++c, from += height * width, of_channel += 256) {
        for (int64_t y = 0; y < height; ++y) {
          for (int64_t x = 0; x < width; ++x) {
            *to++ = TransformedPixel(from, map, of_channel, width, y, x);
          }
        }
      }
    }
  });
  return out;
}

void CheckNumbers(const at::Tensor& counter, const at::Tensor& rate) {
  TORCH_CHECK(counter.scalar_type() == at::kLong && counter.dim() == 1 && counter.size(0) == 3 &&
                  counter.is_contiguous(),
              "the counter of masks is ", counter.scalar_type(), " of ", counter.sizes(),
              ", expected int64 of [3]");
  if (!rate.defined()) return;
  TORCH_CHECK(rate.scalar_type() == at::kDouble && rate.dim() == 0, "a rate is ",
              rate.scalar_type(), " of ", rate.sizes(), ", expected a float64 scalar");
  TORCH_CHECK(rate.device() == counter.device(), "a rate is on ", rate.device(),
              ", and the counter of its masks is on ", counter.device());
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(pdarts, library) {
  library.def("image_scales(Tensor counter, int[] places, int images, Tensor rate) -> Tensor");
  library.def(
      "dropout(Tensor x, Tensor counter, int place, Tensor rate, bool rounds_scale_once) -> "
      "Tensor");
  library.def("normal_noise(Tensor counter, int place, int[] sizes) -> Tensor");
  library.def("transform_small_images(Tensor images, Tensor maps, Tensor table) -> Tensor");
}

TORCH_LIBRARY_IMPL(pdarts, CPU, library) {
  library.impl("image_scales", &ImageScalesCpu);
  library.impl("dropout", &DropoutCpu);
  library.impl("normal_noise", &NormalNoiseCpu);
  library.impl("transform_small_images", &TransformSmallImagesCpu);
}

at::Tensor ImageScales(const at::Tensor& counter, at::IntArrayRef places, int64_t images,
                       const at::Tensor& rate) {
  CheckNumbers(counter, rate);
  static const auto kernel = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("pdarts::image_scales", "")
                                 .typed<decltype(ImageScalesCpu)>();
  return kernel.call(counter, places, images, rate);
}

at::Tensor Dropout(const at::Tensor& x, const at::Tensor& counter, int64_t place,
                   const at::Tensor& rate, bool rounds_scale_once) {
  CheckNumbers(counter, rate);
  TORCH_CHECK(x.dim() == 4 && x.is_floating_point(), "dropout of ", x.scalar_type(), " of ",
              x.sizes(), ", expected floating-point numbers of [N,C,H,W]");
  TORCH_CHECK(x.device() == counter.device(), "dropout of a tensor on ", x.device(),
              " by masks that draw on ", counter.device());
  static const auto kernel = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("pdarts::dropout", "")
                                 .typed<decltype(DropoutCpu)>();
  const bool is_dense = x.is_contiguous() || x.is_contiguous(at::MemoryFormat::ChannelsLast);
  return kernel.call(is_dense ? x : x.contiguous(at::MemoryFormat::ChannelsLast), counter, place,
                     rate, rounds_scale_once);
}

at::Tensor NormalNoise(const at::Tensor& counter, int64_t place, at::IntArrayRef sizes) {
  CheckNumbers(counter, /*rate=*/{});
  TORCH_CHECK(sizes.size() == 4, "noise of ", sizes, ", expected [N,C,H,W]");
  static const auto kernel = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("pdarts::normal_noise", "")
                                 .typed<decltype(NormalNoiseCpu)>();
  return kernel.call(counter, place, sizes);
}

at::Tensor TransformSmallImages(const at::Tensor& images, const at::Tensor& maps,
                                const at::Tensor& table) {
  TORCH_CHECK(images.scalar_type() == at::kByte && images.dim() == 4 && images.is_contiguous(),
              "small images are ", images.scalar_type(), " of ", images.sizes(),
              ", expected contiguous bytes of [N,C,H,W]");
  TORCH_CHECK(maps.scalar_type() == at::kInt && maps.is_contiguous() &&
                  maps.sizes() == at::IntArrayRef({images.size(0), kImageNumbers}),
              "the numbers of ", images.size(0), " images are ", maps.scalar_type(), " of ",
              maps.sizes());
  TORCH_CHECK((table.scalar_type() == at::kFloat || table.scalar_type() == at::kDouble) &&
                  table.is_contiguous() && table.sizes() == at::IntArrayRef({images.size(1), 256}),
              "the normalized bytes of ", images.size(1), " channels are ", table.scalar_type(),
              " of ", table.sizes());
  TORCH_CHECK(maps.device() == images.device() && table.device() == images.device(),
              "small images are on ", images.device(), ", their numbers on ", maps.device(),
              ", and the normalized bytes on ", table.device());
  static const auto kernel = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("pdarts::transform_small_images", "")
                                 .typed<decltype(TransformSmallImagesCpu)>();
  return kernel.call(images, maps, table);
}

}  // namespace pdarts::operators
