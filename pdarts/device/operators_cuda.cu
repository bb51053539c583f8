// The kernels for CUDA: who goes through the elements. What is computed for an element is in
// kernels.h, which the tested kernels for the CPU share. These kernels are unverified on a device.

#include <algorithm>
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
/// Elements of an image that a thread computes, so that few threads compute the bits of the image.
constexpr int64_t kElementsOfThread = 8;
/// Places whose numbers fit into the arguments of one kernel.
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
  library.impl("normal_noise", &NormalNoiseCuda);
  library.impl("transform_small_images", &TransformSmallImagesCuda);
}

}  // namespace pdarts::operators
