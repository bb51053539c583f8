#include "pdarts/device/operators.h"

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>
#include <vector>

#include "ATen/Dispatch.h"
#include "ATen/core/dispatch/Dispatcher.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/empty_like.h"
#include "c10/util/Exception.h"
#include "pdarts/device/kernels.h"
#include "torch/library.h"

namespace pdarts::operators {
namespace {

// The kernels for the CPU. The counting device uses them too.

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

at::Tensor SumTermsCpu(at::TensorList values, at::TensorList gates, at::TensorList image_scales,
                       at::IntArrayRef terms, at::ArrayRef<double> scales,
                       const std::optional<at::Tensor>& coefficients,
                       const std::optional<at::Tensor>& counter,
                       const std::optional<at::Tensor>& rate) {
  const at::Tensor out = at::empty(values[0].sizes(), values[0].options());
  const ElementOrder order = OrderOf(out);
  const int64_t elements = order.channels * order.pixels;
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, out.scalar_type(), "sum_terms", [&] {
    using T = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
    auto* to = out.mutable_data_ptr<scalar_t>();
    std::vector<SummandMemory<scalar_t>> summands;
    for (size_t k = 0; k < values.size(); ++k) {
      summands.push_back(
          MemoryOf<scalar_t>(values, gates, image_scales, terms, scales, static_cast<int64_t>(k)));
    }
    std::vector<T> sums(static_cast<size_t>(elements));
    for (int64_t image = 0; image < out.size(0); ++image, to += elements) {
      std::fill(sums.begin(), sums.end(), T{0});
      for (const SummandMemory<scalar_t>& summand : summands) {
        const auto term =
            ImageOf<scalar_t, T>(summand, image, DataOrNull<T>(coefficients),
                                 DataOrNull<int64_t>(counter), DataOrNull<double>(rate));
        for (int64_t i = 0; i < elements; ++i) {
          sums[static_cast<size_t>(i)] += term.factor * term.At(i, order);
        }
      }
      std::transform(sums.begin(), sums.end(), to,
                     [](T sum) { return static_cast<scalar_t>(sum); });
    }
  });
  return out;
}

at::Tensor TermProductsCpu(at::TensorList values, at::TensorList others, at::TensorList gates,
                           at::TensorList image_scales, at::IntArrayRef terms,
                           at::ArrayRef<double> scales, const std::optional<at::Tensor>& counter,
                           const std::optional<at::Tensor>& rate) {
  const at::Tensor& first = values[0];
  const at::Tensor out = at::empty({static_cast<int64_t>(values.size()), first.size(0)},
                                   first.options().dtype(SumType(first.scalar_type())));
  const ElementOrder order = OrderOf(first);
  AT_DISPATCH_FLOATING_TYPES_AND2(
      at::kHalf, at::kBFloat16, first.scalar_type(), "term_products", [&] {
        using T = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
        auto* to = out.mutable_data_ptr<T>();
        for (size_t k = 0; k < values.size(); ++k) {
          const auto memory = MemoryOf<scalar_t>(values, gates, image_scales, terms, scales,
                                                 static_cast<int64_t>(k));
          for (int64_t image = 0; image < first.size(0); ++image) {
            const auto term =
                ImageOf<scalar_t, T>(memory, image, /*coefficients=*/nullptr,
                                     DataOrNull<int64_t>(counter), DataOrNull<double>(rate));
            const auto* const other =
                others[k].const_data_ptr<scalar_t>() + image * others[k].stride(0);
            double sum = 0;
            for (int64_t i = 0; i < order.channels * order.pixels; ++i) {
              sum += static_cast<double>(term.At(i, order) * static_cast<T>(other[i]));
            }
            *to++ = static_cast<T>(sum) * term.factor;
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

bool HasContiguousImages(const at::Tensor& x) { return x.narrow(0, 0, 1).is_contiguous(); }

/// The tensor, or a copy of it whose images are contiguous.
at::Tensor WithContiguousImages(const at::Tensor& x) {
  return x.size(0) == 0 || HasContiguousImages(x) ? x : x.contiguous();
}

/// The arguments of sum_terms and term_products for some summands.
struct SummandArguments {
  std::vector<at::Tensor> values, gates, image_scales;
  std::vector<int64_t> terms;
  std::vector<double> scales;
  std::optional<at::Tensor> counter, rate;
};

void CheckLike(const at::Tensor& x, const at::Tensor& first, const char* what) {
  TORCH_CHECK(x.sizes() == first.sizes() && x.scalar_type() == first.scalar_type() &&
                  x.device() == first.device(),
              what, " is ", x.scalar_type(), " of ", x.sizes(), " on ", x.device(), ", expected ",
              first.scalar_type(), " of ", first.sizes(), " on ", first.device());
}

/// has_coefficients: whether the operator multiplies by coefficients.
SummandArguments ArgumentsOf(const std::vector<Summand>& summands, bool has_coefficients,
                             const SummandDropout& dropout) {
  TORCH_CHECK(!summands.empty(), "a sum of no terms");
  const at::Tensor& first = summands[0].value;
  TORCH_CHECK(first.dim() == 4 && first.is_floating_point(), "a summand is ", first.scalar_type(),
              " of ", first.sizes(), ", expected floating-point numbers of [N,C,H,W]");
  SummandArguments arguments;
  for (const Summand& summand : summands) {
    CheckLike(summand.value, first, "a summand");
    arguments.values.push_back(WithContiguousImages(summand.value));
    int64_t gate = -1, image_scale = -1;
    if (summand.gate.defined()) {
      CheckLike(summand.gate, first, "the gate of a summand");
      gate = static_cast<int64_t>(arguments.gates.size());
      arguments.gates.push_back(WithContiguousImages(summand.gate));
    }
    if (const at::Tensor& scale = summand.image_scale; scale.defined()) {
      TORCH_CHECK(scale.scalar_type() == at::kFloat &&
                      scale.sizes() == at::IntArrayRef({first.size(0)}) &&
                      scale.device() == first.device(),
                  "the image scales of ", first.size(0), " images on ", first.device(), " are ",
                  scale.scalar_type(), " of ", scale.sizes(), " on ", scale.device());
      image_scale = static_cast<int64_t>(arguments.image_scales.size());
      arguments.image_scales.push_back(scale.contiguous());
    }
    if (summand.place) {
      CheckNumbers(dropout.counter, dropout.rate);
      TORCH_CHECK(first.device() == dropout.counter.device(), "dropout of a tensor on ",
                  first.device(), " by masks that draw on ", dropout.counter.device());
      arguments.counter = dropout.counter;
      arguments.rate = dropout.rate;
    }
    for (const int64_t number :
         {has_coefficients ? summand.coefficient : Summand::kNoCoefficient, gate, image_scale,
          static_cast<int64_t>(summand.place.has_value()), summand.place.value_or(0)}) {
      arguments.terms.push_back(number);
    }
    arguments.scales.push_back(summand.scale);
  }
  return arguments;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(pdarts, library) {
  library.def("image_scales(Tensor counter, int[] places, int images, Tensor rate) -> Tensor");
  library.def(
      "dropout(Tensor x, Tensor counter, int place, Tensor rate, bool rounds_scale_once) -> "
      "Tensor");
  library.def(
      "sum_terms(Tensor[] values, Tensor[] gates, Tensor[] image_scales, int[] terms, float[] "
      "scales, Tensor? coefficients, Tensor? counter, Tensor? rate) -> Tensor");
  library.def(
      "term_products(Tensor[] values, Tensor[] others, Tensor[] gates, Tensor[] image_scales, "
      "int[] terms, float[] scales, Tensor? counter, Tensor? rate) -> Tensor");
  library.def("normal_noise(Tensor counter, int place, int[] sizes) -> Tensor");
  library.def("transform_small_images(Tensor images, Tensor maps, Tensor table) -> Tensor");
}

TORCH_LIBRARY_IMPL(pdarts, CPU, library) {
  library.impl("image_scales", &ImageScalesCpu);
  library.impl("dropout", &DropoutCpu);
  library.impl("sum_terms", &SumTermsCpu);
  library.impl("term_products", &TermProductsCpu);
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

at::Tensor SumTerms(const std::vector<Summand>& summands, const at::Tensor& coefficients,
                    const SummandDropout& dropout) {
  const SummandArguments arguments = ArgumentsOf(summands, /*has_coefficients=*/true, dropout);
  const at::Tensor& first = arguments.values[0];
  std::optional<at::Tensor> factors;
  for (const Summand& summand : summands) {
    if (summand.coefficient == Summand::kNoCoefficient) continue;
    TORCH_CHECK(coefficients.defined() && coefficients.dim() == 1 &&
                    coefficients.scalar_type() == SumType(first.scalar_type()) &&
                    coefficients.device() == first.device(),
                "the coefficients of ", first.scalar_type(), " on ", first.device(),
                " must be one-dimensional, on this device, and of the type ",
                SumType(first.scalar_type()));
    TORCH_CHECK(summand.coefficient >= 0 && summand.coefficient < coefficients.size(0),
                "coefficient ", summand.coefficient, " of ", coefficients.size(0));
    if (!factors) factors = coefficients.contiguous();
  }
  static const auto kernel = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("pdarts::sum_terms", "")
                                 .typed<decltype(SumTermsCpu)>();
  return kernel.call(arguments.values, arguments.gates, arguments.image_scales, arguments.terms,
                     arguments.scales, factors, arguments.counter, arguments.rate);
}

at::Tensor TermProducts(const std::vector<Summand>& summands, const std::vector<at::Tensor>& others,
                        const SummandDropout& dropout) {
  const SummandArguments arguments = ArgumentsOf(summands, /*has_coefficients=*/false, dropout);
  TORCH_CHECK(others.size() == summands.size(), others.size(), " factors of ", summands.size(),
              " summands");
  std::vector<at::Tensor> dense;
  for (const at::Tensor& other : others) {
    CheckLike(other, summands[0].value, "a factor of a summand");
    dense.push_back(WithContiguousImages(other));
  }
  static const auto kernel = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("pdarts::term_products", "")
                                 .typed<decltype(TermProductsCpu)>();
  return kernel.call(arguments.values, dense, arguments.gates, arguments.image_scales,
                     arguments.terms, arguments.scales, arguments.counter, arguments.rate);
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
