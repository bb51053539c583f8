#include "pdarts/nn/kernels/mixed_cell.h"

#include <memory>
#include <string>
#include <utility>

#include "glog/logging.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/nn/kernels/cell_backward.h"
#include "pdarts/nn/kernels/cell_forward.h"
#include "pdarts/nn/kernels/cell_plan.h"
#include "pdarts/nn/kernels/cell_values.h"
#include "pdarts/nn/kernels/composition.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/grouped_cell.h"
#include "torch/csrc/autograd/graph_task.h"

namespace pdarts::nn {
namespace {

/// The inputs of autograd are those of CellPlan's constructor.
template <typename S, typename A>
class MixedCellNode : public FusedNode {
 public:
  MixedCellNode(std::unique_ptr<const CellPlan> plan, const KernelTable<S, A>& loops,
                CellValues<S, A> values)
      : plan_(std::move(plan)),
        loops_(loops),
        values_(std::make_unique<CellValues<S, A>>(std::move(values))) {}

  std::string name() const override { return "pdarts::MixedCell"; }

  /// Keeps the tensors whose changes autograd detects. inputs: channels-last. parameters: all
  /// inputs of autograd after the coefficients and the cell's inputs.
  void Keep(const std::vector<at::Tensor>& inputs, const at::Tensor& out,
            const std::vector<at::Tensor>& parameters) {
    for (const at::Tensor& input : inputs) Save(input);
    Save(out, /*output=*/true);
    for (const at::Tensor& parameter : parameters) num_saved_ = Save(parameter) + 1;
  }

  torch::autograd::variable_list Backward(torch::autograd::variable_list gradients) override {
    if (!gradients[0].defined()) return torch::autograd::variable_list(num_outputs());
    const auto num_inputs = static_cast<size_t>(plan_->num_inputs);
    std::vector<at::Tensor> inputs;
    for (size_t i = 0; i < num_inputs; ++i) inputs.push_back(Saved(i));
    const at::Tensor out = Saved(num_inputs);  // throws in a second pass without retain_graph
    CHECK(values_ != nullptr);
    // Throws if weights were changed since the forward pass.
    for (size_t i = num_inputs + 1; i < num_saved_; ++i) Saved(i);
    std::vector<bool> wants;
    for (size_t i = 0; i < num_outputs(); ++i) wants.push_back(Wants(i));
    return CellBackward<S, A>(*plan_, loops_, *values_, inputs, out, ChannelsLast(gradients[0]),
                              torch::autograd::get_current_graph_task_keep_graph(),
                              std::move(wants))
        .Run();
  }

  void release_variables() override {
    FusedNode::release_variables();
    values_.reset();
  }

 private:
  const std::unique_ptr<const CellPlan> plan_;
  const KernelTable<S, A>& loops_;
  std::unique_ptr<CellValues<S, A>> values_;
  size_t num_saved_ = 0;
};

template <typename S>
at::Tensor MixedCellWithLoops(InstructionSet instructions, const MixedCellArgs& cell,
                              const std::vector<at::Tensor>& inputs,
                              const at::Tensor& coefficients) {
  using A = Accumulator<S>;
  const KernelTable<S, A>& loops = Loops<S>(instructions);
  NoteFusedKernels(instructions);
  std::vector<at::Tensor> autograd_inputs;
  auto plan = std::make_unique<const CellPlan>(cell, inputs, coefficients, autograd_inputs);
  std::vector<at::Tensor> plain_inputs;
  CellValues<S, A> values;
  at::Tensor out;
  {
    at::NoGradGuard no_grad;
    for (const at::Tensor& input : inputs) plain_inputs.push_back(ChannelsLast(input.detach()));
    CellForward<S, A> forward(*plan, loops, plain_inputs, coefficients);
    out = forward.Run();
    values = forward.TakeValues();
  }
  if (!NeedsGraph(autograd_inputs)) return out;
  const auto node = MakeFusedNode<MixedCellNode<S, A>>(std::move(plan), loops, std::move(values));
  Connect(node, autograd_inputs, {out});
  const auto parameters = autograd_inputs.begin() + 1 + static_cast<int64_t>(inputs.size());
  node->Keep(plain_inputs, out, {parameters, autograd_inputs.end()});
  return out;
}

}  // namespace

at::Tensor MixedCell(const Backend& backend, const MixedCellArgs& cell,
                     const std::vector<at::Tensor>& inputs, const at::Tensor& coefficients) {
  CHECK(!inputs.empty());
  if (backend.kernels == REFERENCE) return composition::MixedCell(cell, inputs, coefficients);
  if (backend.kernels == GROUPED) return grouped::MixedCell(cell, inputs, coefficients);
  return DispatchStorage(inputs[0], [&](auto zero) {
    return MixedCellWithLoops<decltype(zero)>(backend.instructions, cell, inputs, coefficients);
  });
}

}  // namespace pdarts::nn
