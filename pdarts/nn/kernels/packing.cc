#include "pdarts/nn/kernels/packing.h"

#include "ATen/ops/empty.h"
#include "glog/logging.h"

namespace pdarts::nn {
namespace {

template <typename T>
at::Tensor Contiguous(const at::Tensor& tensor) {
  CHECK(tensor.scalar_type() == c10::CppTypeToScalarType<T>::value)
      << "weights of " << tensor.dtype() << " for an input of "
      << c10::CppTypeToScalarType<T>::value;
  CHECK(tensor.device().is_cpu());
  return tensor.contiguous();
}

}  // namespace

template <typename T>
PackedConvolution<T>::PackedConvolution(const ReluConvolution& c, int64_t in_channels,
                                        int64_t in_height, int64_t in_width, int64_t lanes)
    : convolution_(c), lanes_(lanes) {
  CHECK(c.weight.defined() && c.weight.dim() == 4);
  ConvolutionShape& s = shape_;
  s.kind = c.kind;
  s.kernel = 1;
  s.stride = static_cast<int32_t>(c.stride);
  s.dilation = static_cast<int32_t>(c.dilation);
  s.in_channels = in_channels;
  s.out_channels = c.weight.size(0);
  s.in_height = in_height;
  s.in_width = in_width;
  CHECK(c.stride == 1 || c.stride == 2) << c.stride;
  CHECK(c.dilation == 1 || c.dilation == 2) << c.dilation;
  CHECK_EQ(c.weight.size(1), in_channels);

  const int64_t up_in = RoundUp(in_channels, lanes_);
  const int64_t k = c.weight.size(2);
  const at::Tensor weight = Contiguous<T>(c.weight.detach());
  const T* w = weight.const_data_ptr<T>();
  switch (c.kind) {
    case ConvolutionKind::kSeparable: {
      CHECK(k == 1 && c.weight.size(3) == 1) << c.weight.sizes();
      CHECK(c.depthwise.defined() && c.depthwise.dim() == 4);
      s.kernel = static_cast<int32_t>(c.depthwise.size(2));
      CHECK(s.kernel == 3 || s.kernel == 5) << s.kernel;
      CHECK(c.depthwise.size(0) == in_channels && c.depthwise.size(1) == 1 &&
            c.depthwise.size(3) == s.kernel)
          << c.depthwise.sizes();
      gathered_ = up_in;
      const int64_t taps = int64_t{s.kernel} * s.kernel;
      const at::Tensor depthwise = Contiguous<T>(c.depthwise.detach());
      const T* d = depthwise.const_data_ptr<T>();
      depthwise_.resize(up_in * taps);
      for (int64_t i = 0; i < in_channels; ++i) {
        for (int64_t t = 0; t < taps; ++t) {
          depthwise_[(i / lanes_ * taps + t) * lanes_ + i % lanes_] = d[i * taps + t];
        }
      }
      break;
    }
    case ConvolutionKind::kPointwise:
      CHECK(k == 1 && c.weight.size(3) == 1) << c.weight.sizes();
      CHECK(c.stride == 1 && c.dilation == 1);
      gathered_ = up_in;
      break;
    case ConvolutionKind::kFactorizedReduce:
      CHECK(k == 1 && c.weight.size(3) == 1) << c.weight.sizes();
      CHECK(c.second_weight.defined() && c.second_weight.sizes() == c.weight.sizes());
      CHECK(in_height % 2 == 0 && in_width % 2 == 0)
          << "a factorized reduction of " << in_height << "x" << in_width << " pixels";
      s.stride = 2;
      s.dilation = 1;
      s.out_channels *= 2;
      gathered_ = 2 * up_in;
      break;
    case ConvolutionKind::kDense:
      CHECK((k == 3 || k == 5) && c.weight.size(3) == k) << c.weight.sizes();
      CHECK_EQ(c.stride, 1);
      s.kernel = static_cast<int32_t>(k);
      gathered_ = k * k * up_in;
      break;
  }
  s.out_height = (in_height - 1) / s.stride + 1;
  s.out_width = (in_width - 1) / s.stride + 1;

  const int64_t up_out = RoundUp(s.out_channels, lanes_);
  forward_.resize(gathered_ * up_out);
  backward_.resize(gathered_ * up_out);
  if (c.kind == ConvolutionKind::kDense) {
    const int64_t taps = k * k;
    for (int64_t o = 0; o < s.out_channels; ++o) {
      for (int64_t i = 0; i < in_channels; ++i) {
        for (int64_t t = 0; t < taps; ++t) {
          const T v = w[(o * in_channels + i) * taps + t];
          forward_[(t * up_in + i) * up_out + o] = v;
          backward_[(t * up_out + o) * up_in + i] = v;
        }
      }
    }
  } else {
    const auto put = [&](const T* from, int64_t rows, int64_t first_row, int64_t first_column) {
      for (int64_t o = 0; o < rows; ++o) {
        for (int64_t i = 0; i < in_channels; ++i) {
          const T v = from[o * in_channels + i];
          forward_[(first_column + i) * up_out + first_row + o] = v;
          backward_[(first_row + o) * gathered_ + first_column + i] = v;
        }
      }
    };
    put(w, c.weight.size(0), 0, 0);
    if (c.kind == ConvolutionKind::kFactorizedReduce) {
      const at::Tensor second = Contiguous<T>(c.second_weight.detach());
      put(second.const_data_ptr<T>(), second.size(0), second.size(0), up_in);
    }
  }
  if (c.bias.defined()) {
    CHECK(c.kind == ConvolutionKind::kPointwise || c.kind == ConvolutionKind::kDense);
    CHECK_EQ(c.bias.numel(), s.out_channels);
    const at::Tensor bias = Contiguous<T>(c.bias.detach());
    bias_.resize(up_out);
    std::copy_n(bias.const_data_ptr<T>(), s.out_channels, bias_.begin());
  }
}

template <typename T>
PackedWeights<T> PackedConvolution<T>::weights() const {
  const auto data = [](const std::vector<T>& v) { return v.empty() ? nullptr : v.data(); };
  return {data(depthwise_), forward_.data(), backward_.data(), data(bias_)};
}

template <typename T>
int64_t PackedConvolution<T>::scratch_size() const {
  const int64_t up_in = RoundUp(shape_.in_channels, lanes_);
  const int64_t up_out = RoundUp(shape_.out_channels, lanes_);
  return up_out + (4 * up_in + up_out) * shape_.out_width;
}

template <typename T>
int64_t PackedConvolution<T>::sums_size(const WantedGradients& wanted) const {
  int64_t size = 0;
  if (wanted.depthwise) size += static_cast<int64_t>(depthwise_.size());
  if (wanted.weight || wanted.second_weight) size += static_cast<int64_t>(forward_.size());
  if (wanted.bias) size += RoundUp(shape_.out_channels, lanes_);
  return size;
}

template <typename T>
typename PackedConvolution<T>::Sums PackedConvolution<T>::Place(const WantedGradients& wanted,
                                                                T* memory) const {
  Sums sums;
  if (wanted.depthwise) {
    sums.depthwise = memory;
    memory += depthwise_.size();
  }
  if (wanted.weight || wanted.second_weight) {
    sums.forward = memory;
    memory += forward_.size();
  }
  if (wanted.bias) sums.bias = memory;
  return sums;
}

template <typename T>
WeightGradients PackedConvolution<T>::Unpack(const WantedGradients& wanted,
                                             const Sums& sums) const {
  const ConvolutionShape& s = shape_;
  const ReluConvolution& c = convolution_;
  const int64_t up_in = RoundUp(s.in_channels, lanes_);
  const int64_t up_out = RoundUp(s.out_channels, lanes_);
  WeightGradients gradients;
  const auto make = [](const at::Tensor& like) {
    return at::empty(like.sizes(), like.options().requires_grad(false));
  };
  if (wanted.depthwise) {
    gradients.depthwise = make(c.depthwise);
    const int64_t taps = int64_t{s.kernel} * s.kernel;
    T* to = gradients.depthwise.mutable_data_ptr<T>();
    for (int64_t i = 0; i < s.in_channels; ++i) {
      for (int64_t t = 0; t < taps; ++t) {
        to[i * taps + t] = sums.depthwise[(i / lanes_ * taps + t) * lanes_ + i % lanes_];
      }
    }
  }
  const auto take = [&](const at::Tensor& like, int64_t first_row, int64_t first_column) {
    at::Tensor gradient = make(like);
    T* to = gradient.mutable_data_ptr<T>();
    const int64_t taps = like.size(2) * like.size(3);
    for (int64_t o = 0; o < like.size(0); ++o) {
      for (int64_t i = 0; i < s.in_channels; ++i) {
        for (int64_t t = 0; t < taps; ++t) {
          to[(o * s.in_channels + i) * taps + t] =
              sums.forward[(t * up_in + first_column + i) * up_out + first_row + o];
        }
      }
    }
    return gradient;
  };
  if (wanted.weight) gradients.weight = take(c.weight, 0, 0);
  if (wanted.second_weight)
    gradients.second_weight = take(c.second_weight, c.weight.size(0), up_in);
  if (wanted.bias) {
    gradients.bias = make(c.bias);
    std::copy_n(sums.bias, s.out_channels, gradients.bias.mutable_data_ptr<T>());
  }
  return gradients;
}

template class PackedConvolution<float>;
template class PackedConvolution<double>;

}  // namespace pdarts::nn
