#ifndef PDARTS_NN_KERNELS_PACKING_H_
#define PDARTS_NN_KERNELS_PACKING_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "pdarts/nn/kernels/convolution.h"
#include "pdarts/nn/kernels/kernel_table.h"

namespace pdarts::nn {

/// c rounded up to whole vectors.
inline int64_t RoundUp(int64_t c, int64_t lanes) { return (c + lanes - 1) / lanes * lanes; }

/// Adds the sums of all chunks, [chunks][size], into those of the first chunk.
template <typename A>
void AddChunks(int64_t size, std::vector<A>& sums) {
  const auto end = static_cast<int64_t>(sums.size());
  for (int64_t chunk = size; chunk < end; chunk += size) {
    for (int64_t i = 0; i < size; ++i) sums[i] += sums[chunk + i];
  }
}

/// The weights of a convolution whose gradients are needed.
struct WantedGradients {
  bool depthwise = false;
  bool weight = false;
  bool second_weight = false;
  bool bias = false;
  bool any() const { return depthwise || weight || second_weight || bias; }
};

/// Gradients of the weights of a convolution; undefined if they are not wanted.
struct WeightGradients {
  at::Tensor depthwise, weight, second_weight, bias;
};

/// A convolution of images of one size, in the form of the loops. Describe makes it. In the fused
/// kernels, only Describe looks at the kind of a convolution. The other kernels look at it too:
/// - The composition calls different operators of LibTorch for each kind (ConvolveExactly in
///   composition.cc).
/// - The grouped operators compute convolutions of one kind together. By the kind, grouped_plan.cc
///   decides which convolutions share a batch, grouped_forward.cc assembles the weights and the
///   input of a batch, and grouped_backward.cc gives each convolution its part of the gradients.
struct ConvolutionDescription {
  /// The position of a weight tensor `[Co,C,k,k]` in the matrices of the loops: its element (o, c,
  /// ky, kx) is weights[first_tap + ky * k + kx][c][first_out + o].
  struct Part {
    at::Tensor ReluConvolution::*tensor;
    int64_t first_tap;
    int64_t first_out;
  };

  ConvolutionShape shape;
  std::vector<Part> parts;
};

/// Dies if the convolution does not fit images of this size, or if the loops cannot compute it.
ConvolutionDescription Describe(const ReluConvolution& convolution, int64_t in_channels,
                                int64_t in_height, int64_t in_width);

/// The weights of a convolution in the form that the loops read. A: the accumulator type, which is
/// the type of the weights.
template <typename A>
class PackedConvolution {
 public:
  /// lanes, pairs: lanes and multiplies_pairs of KernelTable. Dies if the weights are not of type A
  /// or not on the CPU.
  PackedConvolution(const ReluConvolution& convolution, const ConvolutionDescription& description,
                    int64_t lanes, bool pairs);

  const ConvolutionShape& shape() const { return description_.shape; }
  PackedWeights<A> weights() const;

  /// The number of scratch elements that the loops need.
  int64_t scratch_size() const;

  /// The gradients of the weights in the form in which the loops add them.
  struct Sums {
    A* depthwise = nullptr;
    A* forward = nullptr;
    A* bias = nullptr;
    /// Whether KernelTable::convolution_backward reads the input to compute them.
    bool read_input() const { return depthwise != nullptr || forward != nullptr; }
  };
  /// The number of elements of all wanted sums, which lie one after the other.
  int64_t sums_size(const WantedGradients& wanted) const;
  Sums Place(const WantedGradients& wanted, A* memory) const;
  WeightGradients Unpack(const WantedGradients& wanted, const Sums& sums) const;

 private:
  ReluConvolution convolution_;
  ConvolutionDescription description_;
  int64_t lanes_;
  std::vector<A> depthwise_, forward_, backward_, bias_;
  std::vector<uint32_t> forward_pairs_, backward_pairs_;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_PACKING_H_
