#include "pdarts/nn/kernels/grouped_cell.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ATen/core/LegacyTypeDispatch.h"
#include "c10/core/GradMode.h"
#include "glog/logging.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/nn/kernels/composition.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/grouped_backward.h"
#include "pdarts/nn/kernels/grouped_forward.h"
#include "pdarts/nn/kernels/grouped_plan.h"
#include "pdarts/nn/kernels/grouped_values.h"

namespace pdarts::nn::grouped {
namespace {

KernelUse grouped_use("grouped");

/// The inputs of autograd are those of GroupedPlan::Make.
class GroupedNode : public FusedNode {
 public:
  GroupedNode(std::string name, std::unique_ptr<const GroupedPlan> plan, GroupedValues values,
              c10::ScalarType type)
      : name_(std::move(name)),
        plan_(std::move(plan)),
        values_(std::make_unique<GroupedValues>(std::move(values))),
        type_(type) {}

  std::string name() const override { return name_; }

  /// Keeps what autograd watches for changes: the coefficients, the inputs, the parameters, and
  /// what the numbers of dropout on a device come from, because the backward pass draws them again.
  void Keep(const std::vector<at::Tensor>& autograd_inputs) {
    for (const at::Tensor& input : autograd_inputs) num_saved_ = Save(input) + 1;
    if (!plan_->dropout) return;
    Save(plan_->dropout->masks.device_counter());
    num_saved_ = Save(plan_->dropout->rate.on_device) + 1;
  }

  torch::autograd::variable_list Backward(torch::autograd::variable_list gradients) override {
    if (!gradients[0].defined()) return torch::autograd::variable_list(num_outputs());
    // Throws in a second pass without retain_graph, and where something was changed in place.
    for (size_t i = 0; i < num_saved_; ++i) Saved(i);
    CHECK(values_ != nullptr);
    std::vector<bool> wants;
    for (size_t i = 0; i < num_outputs(); ++i) wants.push_back(Wants(i));
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    return GroupedBackward(*plan_, *values_, gradients[0].detach(), std::move(wants), type_).Run();
  }

  void release_variables() override {
    FusedNode::release_variables();
    values_.reset();
  }

 private:
  const std::string name_;
  const std::unique_ptr<const GroupedPlan> plan_;
  std::unique_ptr<GroupedValues> values_;
  const c10::ScalarType type_;  ///< of coefficients and parameters
  size_t num_saved_ = 0;
};

/// name: of the function in autograd's graph.
at::Tensor Compute(const std::string& name, GroupedPlan made, const std::vector<at::Tensor>& inputs,
                   const at::Tensor& coefficients, const std::vector<at::Tensor>& autograd_inputs) {
  grouped_use.Note(inputs[0].device().type());
  auto plan = std::make_unique<const GroupedPlan>(std::move(made));
  at::Tensor out;
  GroupedValues values;
  {
    const at::NoGradGuard no_grad;
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    std::vector<at::Tensor> plain_inputs;
    for (const at::Tensor& input : inputs) plain_inputs.push_back(input.detach());
    GroupedForward forward(*plan, plain_inputs, coefficients);
    out = forward.Run();
    values = forward.TakeValues();
  }
  if (!NeedsGraph(autograd_inputs)) return out;
  const auto node = MakeFusedNode<GroupedNode>(name, std::move(plan), std::move(values),
                                               coefficients.scalar_type());
  Connect(node, autograd_inputs, {out});
  node->Keep(autograd_inputs);
  return out;
}

}  // namespace

at::Tensor MixedCell(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs,
                     const at::Tensor& coefficients) {
  std::vector<at::Tensor> autograd_inputs;
  std::optional<GroupedPlan> plan = GroupedPlan::Make(cell, inputs, coefficients, autograd_inputs);
  if (!plan) return composition::MixedCell(cell, inputs, coefficients);
  return Compute("pdarts::MixedCell", *std::move(plan), inputs, coefficients, autograd_inputs);
}

at::Tensor NodeSum(const std::vector<NodeTerm>& terms, const at::Tensor& coefficients) {
  std::vector<at::Tensor> autograd_inputs;
  std::optional<GroupedPlan> plan = GroupedPlan::OfSum(terms, coefficients, autograd_inputs);
  if (!plan) return composition::NodeSum(terms, coefficients);
  std::vector<at::Tensor> values;
  for (const NodeTerm& term : terms) values.push_back(term.value);
  return Compute("pdarts::NodeSum", *std::move(plan), values, coefficients, autograd_inputs);
}

}  // namespace pdarts::nn::grouped
