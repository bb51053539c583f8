// The kernels for CUDA, which distribute the elements to threads. kernels.h has the computation for
// an element, which the tested kernels for the CPU share. These kernels are unverified on a device.

#include <algorithm>
#include <optional>
#include <type_traits>

#include "ATen/Dispatch.h"
#include "ATen/cuda/CUDAContext.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/empty_like.h"
#include "c10/cuda/CUDAException.h"
#include "c10/cuda/CUDAGuard.h"
#include "pdarts/device/kernels.h"
#include "torch/library.h"

namespace pdarts::operators {
namespace {

constexpr int kThreads = 256;
/// The number of elements of an image that a thread computes, so that few threads compute the bits
/// of the image.
constexpr int64_t kElementsOfThread = 8;
/// The number of places whose numbers fit into the arguments of one kernel.
constexpr int kPlaces = 64;

struct Places {
  int64_t place[kPlaces];
};

int64_t Blocks(int64_t items) { return (items + kThreads - 1) / kThreads; }

/// A block for the elements of an image, and for several images if there are very many.
dim3 GridOf(int64_t images, int64_t elements) {
  return dim3(static_cast<unsigned>(std::max<int64_t>(
                  1, Blocks((elements + kElementsOfThread - 1) / kElementsOfThread))),
              static_cast<unsigned>(std::clamp<int64_t>(images, 1, 65535)));
}

__global__ void DrawImageScales(const int64_t* counter, Places places, int64_t count,
                                int64_t images, const double* rate, float* out) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < count * images) {
    out[i] = ImageScale(counter, places.place[i / images], i % images, *rate);
  }
}

template <typename S, typename T>
__global__ void DropElements(const S* x, const int64_t* counter, int64_t place, const double* rate,
                             bool rounds_scale_once, ElementOrder order, int64_t images, S* out) {
  const int64_t elements = order.channels * order.pixels;
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t image = blockIdx.y; image < images; image += gridDim.y) {
    const ImageDropout<T> dropout =
        DropoutOfImage<T>(counter, place, image, *rate, rounds_scale_once);
    for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < elements; i += step) {
      out[image * elements + i] = static_cast<S>(static_cast<T>(x[image * elements + i]) *
                                                 dropout.Factor(order.NumberOf(i)));
    }
  }
}

/// The numbers of summands whose memory fits into the arguments of one kernel, which have 4096
/// bytes.
constexpr int kSummands = 48, kProducts = 32;

template <typename S>
struct Summands {
  SummandMemory<S> summand[kSummands];
};

template <typename S>
struct Products {
  SummandMemory<S> summand[kProducts];
  const S* other[kProducts];
  int64_t stride[kProducts];  ///< between two images of `other`
};

/// adds: whether `out` already has the sum of other summands.
template <typename S, typename T>
__global__ void AddSummands(Summands<S> summands, int count, const T* coefficients,
                            const int64_t* counter, const double* rate, ElementOrder order,
                            int64_t images, bool adds, S* out) {
  const int64_t elements = order.channels * order.pixels;
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  const int64_t first = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  for (int64_t image = blockIdx.y; image < images; image += gridDim.y) {
    S* const to = out + image * elements;
    T sums[kElementsOfThread];
    for (int64_t k = 0; k < kElementsOfThread; ++k) {
      const int64_t i = first + k * step;
      sums[k] = adds && i < elements ? static_cast<T>(to[i]) : T{0};
    }
    for (int s = 0; s < count; ++s) {
      const auto term = ImageOf<S, T>(summands.summand[s], image, coefficients, counter, rate);
      for (int64_t k = 0; k < kElementsOfThread; ++k) {
        const int64_t i = first + k * step;
        if (i < elements) sums[k] += term.factor * term.At(i, order);
      }
    }
    for (int64_t k = 0; k < kElementsOfThread; ++k) {
      const int64_t i = first + k * step;
      if (i < elements) to[i] = static_cast<S>(sums[k]);
    }
  }
}

/// A block for an image of a summand.
template <typename S, typename T>
__global__ void MultiplySummands(Products<S> products, const int64_t* counter, const double* rate,
                                 ElementOrder order, int64_t images, T* out) {
  __shared__ T sums[kThreads];
  const int64_t elements = order.channels * order.pixels;
  const S* const others = products.other[blockIdx.y];
  const int thread = static_cast<int>(threadIdx.x);
  for (int64_t image = blockIdx.x; image < images; image += gridDim.x) {
    const auto term = ImageOf<S, T>(products.summand[blockIdx.y], image,
                                    static_cast<const T*>(nullptr), counter, rate);
    const S* const other = others + image * products.stride[blockIdx.y];
    T sum = 0;
    for (int64_t i = thread; i < elements; i += kThreads) {
      sum += term.At(i, order) * static_cast<T>(other[i]);
    }
    sums[thread] = sum;
    __syncthreads();
    // The order of the additions is the same in each run.
    for (int half = kThreads / 2; half > 0; half /= 2) {
      if (thread < half) sums[thread] += sums[thread + half];
      __syncthreads();
    }
    if (thread == 0) out[blockIdx.y * images + image] = sums[0] * term.factor;
    __syncthreads();
  }
}

__global__ void DrawNormalNoise(const int64_t* counter, int64_t place, int64_t elements,
                                int64_t images, float* out) {
  const int64_t step = 4 * int64_t{gridDim.x} * blockDim.x;
  for (int64_t image = blockIdx.y; image < images; image += gridDim.y) {
    for (int64_t i = 4 * (int64_t{blockIdx.x} * blockDim.x + threadIdx.x); i < elements;
         i += step) {
      float four[4];
      mask_arithmetic::Normal(BitsOf(counter, place, image, static_cast<uint32_t>(i / 4)), four);
      for (int64_t k = 0; k < 4 && i + k < elements; ++k) out[image * elements + i + k] = four[k];
    }
  }
}

template <typename T>
__global__ void TransformPixels(const uint8_t* images, const int32_t* maps, const T* table,
                                int64_t channels, int64_t height, int64_t width, int64_t count,
                                T* out) {
  const int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const int64_t x = i % width, y = i / width % height;
  const int64_t plane = i / (width * height), c = plane % channels, n = plane / channels;
  out[i] = TransformedPixel(images + plane * height * width, maps + n * kImageNumbers,
                            table + c * 256, width, y, x);
}

at::Tensor ImageScalesCuda(const at::Tensor& counter, at::IntArrayRef places, int64_t images,
                           const at::Tensor& rate) {
  const c10::cuda::CUDAGuard guard(counter.device());
  const auto count = static_cast<int64_t>(places.size());
  const at::Tensor scales = at::empty({count, images}, counter.options().dtype(at::kFloat));
  for (int64_t first = 0; first < count && images > 0; first += kPlaces) {
    Places some = {};
    const int64_t number = std::min<int64_t>(kPlaces, count - first);
    std::copy_n(places.begin() + first, number, some.place);
    DrawImageScales<<<Blocks(number * images), kThreads, 0, at::cuda::getCurrentCUDAStream()>>>(
        counter.const_data_ptr<int64_t>(), some, number, images, rate.const_data_ptr<double>(),
        scales.mutable_data_ptr<float>() + first * images);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
  }
  return scales;
}

at::Tensor DropoutCuda(const at::Tensor& x, const at::Tensor& counter, int64_t place,
                       const at::Tensor& rate, bool rounds_scale_once) {
  const c10::cuda::CUDAGuard guard(x.device());
  const at::Tensor out = at::empty_like(x);
  if (x.numel() == 0) return out;
  const ElementOrder order = {x.size(1), x.size(2) * x.size(3),
                              x.is_contiguous(at::MemoryFormat::ChannelsLast)};
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "dropout", [&] {
    using T = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
    DropElements<scalar_t, T><<<GridOf(x.size(0), order.channels * order.pixels), kThreads, 0,
                                at::cuda::getCurrentCUDAStream()>>>(
        x.const_data_ptr<scalar_t>(), counter.const_data_ptr<int64_t>(), place,
        rate.const_data_ptr<double>(), rounds_scale_once, order, x.size(0),
        out.mutable_data_ptr<scalar_t>());
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return out;
}

at::Tensor SumTermsCuda(at::TensorList values, at::TensorList gates, at::TensorList image_scales,
                        at::IntArrayRef terms, at::ArrayRef<double> scales,
                        const std::optional<at::Tensor>& coefficients,
                        const std::optional<at::Tensor>& counter,
                        const std::optional<at::Tensor>& rate) {
  const c10::cuda::CUDAGuard guard(values[0].device());
  const at::Tensor out = at::empty(values[0].sizes(), values[0].options());
  if (out.numel() == 0) return out;
  const ElementOrder order = OrderOf(out);
  const auto total = static_cast<int64_t>(values.size());
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, out.scalar_type(), "sum_terms", [&] {
    using T = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
    // One launch, unless the sum has very many terms.
    for (int64_t first = 0; first < total; first += kSummands) {
      Summands<scalar_t> summands = {};
      const int count = static_cast<int>(std::min<int64_t>(kSummands, total - first));
      for (int i = 0; i < count; ++i) {
        summands.summand[i] =
            MemoryOf<scalar_t>(values, gates, image_scales, terms, scales, first + i);
      }
      AddSummands<scalar_t, T><<<GridOf(out.size(0), order.channels * order.pixels), kThreads, 0,
                                 at::cuda::getCurrentCUDAStream()>>>(
          summands, count, DataOrNull<T>(coefficients), DataOrNull<int64_t>(counter),
          DataOrNull<double>(rate), order, out.size(0), /*adds=*/first > 0,
          out.mutable_data_ptr<scalar_t>());
      C10_CUDA_KERNEL_LAUNCH_CHECK();
    }
  });
  return out;
}

at::Tensor TermProductsCuda(at::TensorList values, at::TensorList others, at::TensorList gates,
                            at::TensorList image_scales, at::IntArrayRef terms,
                            at::ArrayRef<double> scales, const std::optional<at::Tensor>& counter,
                            const std::optional<at::Tensor>& rate) {
  const at::Tensor& like = values[0];
  const c10::cuda::CUDAGuard guard(like.device());
  const auto total = static_cast<int64_t>(values.size());
  const int64_t images = like.size(0);
  const at::Tensor out =
      at::empty({total, images}, like.options().dtype(SumType(like.scalar_type())));
  if (out.numel() == 0) return out;
  const ElementOrder order = OrderOf(like);
  AT_DISPATCH_FLOATING_TYPES_AND2(
      at::kHalf, at::kBFloat16, like.scalar_type(), "term_products", [&] {
        using T = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
        for (int64_t first = 0; first < total; first += kProducts) {
          Products<scalar_t> products = {};
          const int count = static_cast<int>(std::min<int64_t>(kProducts, total - first));
          for (int i = 0; i < count; ++i) {
            const at::Tensor& other = others[static_cast<size_t>(first + i)];
            products.summand[i] =
                MemoryOf<scalar_t>(values, gates, image_scales, terms, scales, first + i);
            products.other[i] = other.const_data_ptr<scalar_t>();
            products.stride[i] = other.stride(0);
          }
          const dim3 grid(static_cast<unsigned>(std::min<int64_t>(images, 65535)),
                          static_cast<unsigned>(count));
          MultiplySummands<scalar_t, T><<<grid, kThreads, 0, at::cuda::getCurrentCUDAStream()>>>(
              products, DataOrNull<int64_t>(counter), DataOrNull<double>(rate), order, images,
              out.mutable_data_ptr<T>() + first * images);
          C10_CUDA_KERNEL_LAUNCH_CHECK();
        }
      });
  return out;
}

at::Tensor NormalNoiseCuda(const at::Tensor& counter, int64_t place, at::IntArrayRef sizes) {
  const c10::cuda::CUDAGuard guard(counter.device());
  const at::Tensor noise =
      at::empty(sizes, counter.options().dtype(at::kFloat), at::MemoryFormat::ChannelsLast);
  if (noise.numel() == 0) return noise;
  const int64_t elements = sizes[1] * sizes[2] * sizes[3];
  DrawNormalNoise<<<GridOf(sizes[0], elements), kThreads, 0, at::cuda::getCurrentCUDAStream()>>>(
      counter.const_data_ptr<int64_t>(), place, elements, sizes[0],
      noise.mutable_data_ptr<float>());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return noise;
}

at::Tensor TransformSmallImagesCuda(const at::Tensor& images, const at::Tensor& maps,
                                    const at::Tensor& table) {
  const c10::cuda::CUDAGuard guard(images.device());
  const at::Tensor out = at::empty(images.sizes(), table.options());
  const int64_t count = images.numel();
  if (count == 0) return out;
  AT_DISPATCH_FLOATING_TYPES(table.scalar_type(), "transform_small_images", [&] {
    TransformPixels<<<Blocks(count), kThreads, 0, at::cuda::getCurrentCUDAStream()>>>(
        images.const_data_ptr<uint8_t>(), maps.const_data_ptr<int32_t>(),
        table.const_data_ptr<scalar_t>(), images.size(1), images.size(2), images.size(3), count,
        out.mutable_data_ptr<scalar_t>());
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return out;
}

}  // namespace

TORCH_LIBRARY_IMPL(pdarts, CUDA, library) {
  library.impl("image_scales", &ImageScalesCuda);
  library.impl("dropout", &DropoutCuda);
  library.impl("sum_terms", &SumTermsCuda);
  library.impl("term_products", &TermProductsCuda);
  library.impl("normal_noise", &NormalNoiseCuda);
  library.impl("transform_small_images", &TransformSmallImagesCuda);
}

}  // namespace pdarts::operators
