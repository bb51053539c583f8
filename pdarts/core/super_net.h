#ifndef PDARTS_CORE_SUPER_NET_H_
#define PDARTS_CORE_SUPER_NET_H_

#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/knob.h"
#include "pdarts/core/topology.h"
#include "torch/nn/module.h"

namespace pdarts {

/// The dimension of alphas `[E,K]` over which the softmax runs that makes them probabilities: 1,
/// each edge's candidates. With one candidate an edge that would be constant; then it is 0, the
/// edges (docs/algorithm.md, "Mixed operations").
int SoftmaxDimension(const at::Tensor& alphas);

/// A network whose edges mix all their candidate operations (docs/algorithm.md, "Mixed
/// operations"). Its parameters are the alphas, one `[E,K]` matrix a cell kind, and the weights:
/// everything else.
class SuperNet : public torch::nn::Module {
 public:
  /// Class scores of a batch. images: `[N,C,H,W]`; returns `[N,classes]`. Training or evaluation
  /// mode is the module's (`train()`, `eval()`). The knobs are the network's, whatever
  /// ForwardContext::knobs holds.
  at::Tensor Forward(const at::Tensor& images, const ForwardContext& context = {});

  const Topology& topology() const { return topology_; }
  const Candidates& candidates() const { return candidates_; }

  /// One `[E,K]` matrix a cell kind, in the topology's order.
  const std::vector<at::Tensor>& alphas() const { return alphas_; }
  /// All other parameters, in the order in which they were registered.
  std::vector<at::Tensor> weights() const;

  /// Draws every alpha from a normal distribution around 0.
  void InitializeAlphas(double deviation, at::Generator generator);

  /// Differentiable probabilities `[E,K]` of a cell kind: the softmax over SoftmaxDimension.
  at::Tensor ProbabilityTensor(int kind) const;
  /// The same as numbers.
  EdgeProbabilities Probabilities() const;

  /// What regularisers can turn.
  const std::vector<Knob>& knobs() const { return knobs_; }
  /// \error kNotFound with the declared names; kInvalidArgument if the value is out of range.
  absl::Status SetKnob(absl::string_view name, double value);

  /// What the network holds, one line for a reader of --dry_run.
  virtual std::string Describe() const = 0;

 protected:
  /// Registers one parameter a cell kind, called `alpha_names[kind]`, with zeros. Dies if the
  /// candidates don't fit the topology or the names aren't as many as the kinds.
  SuperNet(Topology topology, Candidates candidates, const std::vector<std::string>& alpha_names);

  void DeclareKnob(Knob knob) { knobs_.push_back(std::move(knob)); }

 private:
  /// context: holds the declared knobs.
  virtual at::Tensor DoForward(const at::Tensor& images, const ForwardContext& context) = 0;

  const Topology topology_;
  const Candidates candidates_;
  std::vector<at::Tensor> alphas_;
  std::vector<Knob> knobs_;
};

/// Number of trainable scalars of a module, buffers not counted.
int64_t CountParameters(const torch::nn::Module& module);

}  // namespace pdarts

#endif  // PDARTS_CORE_SUPER_NET_H_
