#ifndef PDARTS_NN_KERNELS_PACKING_H_
#define PDARTS_NN_KERNELS_PACKING_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/convolution.h"
#include "pdarts/nn/kernels/kernel_table.h"
#include "pdarts/nn/kernels/scratch.h"

namespace pdarts::nn {

/// c rounded up to whole vectors.
inline int64_t RoundUp(int64_t c, int64_t lanes) { return (c + lanes - 1) / lanes * lanes; }

/// Whether a convolution's weights, each in turn, need a gradient.
struct WantedGradients {
  bool depthwise = false;
  bool weight = false;
  bool second_weight = false;
  bool bias = false;
  bool any() const { return depthwise || weight || second_weight || bias; }
};

/// Gradients of a convolution's weights; undefined where not wanted.
struct WeightGradients {
  at::Tensor depthwise, weight, second_weight, bias;
};

/// A convolution's weights as the loops read them.
template <typename T>
class PackedConvolution {
 public:
  /// For images of this size, and for loops of vectors of so many lanes. Dies if the convolution
  /// doesn't fit them.
  PackedConvolution(const ReluConvolution& convolution, int64_t in_channels, int64_t in_height,
                    int64_t in_width, int64_t lanes);

  const ConvolutionShape& shape() const { return shape_; }
  int64_t padding() const { return int64_t{shape_.dilation} * (shape_.kernel / 2); }
  PackedWeights<T> weights() const;

  /// Elements of scratch that the loops need.
  int64_t scratch_size() const;

  /// The gradients as the loops add them up.
  struct Sums {
    T* depthwise = nullptr;
    T* forward = nullptr;
    T* bias = nullptr;
  };
  /// Elements of all wanted sums; they lie one after the other.
  int64_t sums_size(const WantedGradients& wanted) const;
  Sums Place(const WantedGradients& wanted, T* memory) const;
  WeightGradients Unpack(const WantedGradients& wanted, const Sums& sums) const;

 private:
  ReluConvolution convolution_;
  ConvolutionShape shape_;
  int64_t lanes_;
  int64_t gathered_ = 0;
  std::vector<T> depthwise_, forward_, backward_, bias_;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_PACKING_H_
