#ifndef PDARTS_NN_KERNELS_DISPATCH_H_
#define PDARTS_NN_KERNELS_DISPATCH_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "ATen/ops/empty.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "glog/logging.h"
#include "pdarts/nn/kernels/loops.h"
#include "torch/csrc/autograd/function.h"
#include "torch/csrc/autograd/saved_variable.h"
#include "torch/csrc/autograd/variable.h"

namespace pdarts::nn {

/// Calls f(S()) with the storage type of the elements of the tensor.
template <typename F>
auto DispatchStorage(const at::Tensor& x, const F& f) {
  switch (x.scalar_type()) {
    case at::kBFloat16:
      return f(Bfloat16());
    case at::kFloat:
      return f(float());
    default:
      CHECK(x.scalar_type() == at::kDouble) << "bfloat16, float32 or float64, not " << x.dtype();
      return f(double());
  }
}

template <typename S>
inline constexpr at::ScalarType kScalarType = c10::CppTypeToScalarType<S>::value;
template <>
inline constexpr at::ScalarType kScalarType<Bfloat16> = at::kBFloat16;

/// The elements of a tensor of a storage type. Dies if the tensor's elements are of another type.
template <typename S>
const S* ConstData(const at::Tensor& x) {
  CHECK(x.scalar_type() == kScalarType<S>) << x.dtype() << " beside " << kScalarType<S>;
  return static_cast<const S*>(x.const_data_ptr());
}

template <typename S>
S* MutableData(const at::Tensor& x) {
  CHECK(x.scalar_type() == kScalarType<S>) << x.dtype() << " beside " << kScalarType<S>;
  return static_cast<S*>(x.mutable_data_ptr());
}

/// A tensor of the type A, with which the kernels compute, on the device of `like`.
template <typename A, typename T>
at::Tensor ToTensor(const std::vector<T>& values, const at::Tensor& like) {
  const at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())},
                                      like.options().dtype(kScalarType<A>).requires_grad(false));
  std::copy(values.begin(), values.end(), MutableData<A>(tensor));
  return tensor;
}

/// x in the memory order [N,H,W,C]. It is copied if it has another order.
inline at::Tensor ChannelsLast(const at::Tensor& x) {
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

/// A fused operation in the graph of autograd. Inputs are numbered as in the list of the
/// constructor, which may contain undefined tensors. The gradients of the operation have no graph:
/// a backward pass with create_graph throws c10::Error.
class FusedNode : public torch::autograd::Node {
 public:
  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) final {
    // Autograd's engine enables gradients during a backward pass if and only if create_graph is
    // set.
    TORCH_CHECK(
        !c10::GradMode::is_enabled(), name(),
        " has no second derivative: a gradient with create_graph=true was requested, and "
        "the fused and the grouped kernels give gradients without a graph. REFERENCE kernels "
        "have one");
    return Backward(std::move(gradients));
  }

  bool Wants(size_t input) const { return task_should_compute_output(input); }

  /// Keeps a tensor until the backward pass. output: whether the tensor is an output of this
  /// operation.
  size_t Save(const at::Tensor& tensor, bool output = false) {
    saved_.emplace_back(tensor, output);
    return saved_.size() - 1;
  }
  at::Tensor Saved(size_t i) { return saved_[i].unpack(shared_from_this()); }

  void release_variables() override {
    for (auto& variable : saved_) variable.reset_data();
  }

 private:
  /// The gradients of the inputs, from the gradient of the output; undefined if Wants is false.
  virtual torch::autograd::variable_list Backward(torch::autograd::variable_list gradients) = 0;

  std::vector<torch::autograd::SavedVariable> saved_;
};

/// Whether autograd must record an operation on these tensors.
inline bool NeedsGraph(const std::vector<at::Tensor>& inputs) {
  return at::GradMode::is_enabled() && torch::autograd::any_variable_requires_grad(inputs);
}

template <typename NodeType, typename... Args>
std::shared_ptr<NodeType> MakeFusedNode(Args&&... args) {
  return {new NodeType(std::forward<Args>(args)...), torch::autograd::deleteNode};
}

/// Makes `node` the function in autograd's graph that computes `outputs` from `inputs`.
inline void Connect(const std::shared_ptr<FusedNode>& node, const std::vector<at::Tensor>& inputs,
                    const std::vector<at::Tensor>& outputs) {
  node->set_next_edges(torch::autograd::collect_next_edges(inputs));
  for (const at::Tensor& output : outputs) {
    const uint32_t number = node->add_input_metadata(output);
    torch::autograd::impl::set_gradient_edge(output, {node, number});
  }
}

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_DISPATCH_H_
