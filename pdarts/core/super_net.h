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

/// The dimension of alphas `[E,K]` over which the softmax computes probabilities. It is 1, the
/// candidates of each edge. If each edge has only one candidate, that softmax would be constant, so
/// the dimension is 0, the edges (docs/algorithm.md, "Mixed operations").
int SoftmaxDimension(const at::Tensor& alphas);

/// A super-network: each edge computes a mixed operation of all its candidates (docs/algorithm.md,
/// "Mixed operations"). Its parameters are the alphas, with one `[E,K]` matrix for each cell kind,
/// and the weights, which are all other parameters.
class SuperNet : public torch::nn::Module {
 public:
  /// Logits of a batch. images: `[N,C,H,W]`; returns `[N,classes]`. The mode of the module decides
  /// between training and evaluation (`train()`, `eval()`). The pass uses the knobs of the network,
  /// and ignores ForwardContext::knobs.
  at::Tensor Forward(const at::Tensor& images, const ForwardContext& context = {});

  const Topology& topology() const { return topology_; }
  const Candidates& candidates() const { return candidates_; }

  /// One `[E,K]` matrix for each cell kind, in the order of the topology.
  const std::vector<at::Tensor>& alphas() const { return alphas_; }
  /// All other parameters, in the order of their registration.
  std::vector<at::Tensor> weights() const;

  /// Draws every alpha from a normal distribution with mean 0 and this standard deviation.
  void InitializeAlphas(double standard_deviation, at::Generator generator);

  /// The probabilities `[E,K]` of a cell kind, with gradients: the softmax over SoftmaxDimension.
  at::Tensor ProbabilityTensor(int kind) const;
  /// The probabilities of all cell kinds as numbers.
  EdgeProbabilities Probabilities() const;

  /// The knobs that regularizers can set.
  const std::vector<Knob>& knobs() const { return knobs_; }
  /// \error kNotFound with the declared names; kInvalidArgument if the value is out of range.
  absl::Status SetKnob(absl::string_view name, double value);

  /// A description of the network for --dry_run, in one line.
  virtual std::string Describe() const = 0;

 protected:
  /// Registers one parameter of zeros for each cell kind, with the name `alpha_names[kind]`. Dies
  /// if the candidates do not fit the topology, or if the number of names differs from the number
  /// of kinds.
  SuperNet(Topology topology, Candidates candidates, const std::vector<std::string>& alpha_names);

  void DeclareKnob(Knob knob) { knobs_.push_back(std::move(knob)); }

 private:
  /// context: has the declared knobs.
  virtual at::Tensor DoForward(const at::Tensor& images, const ForwardContext& context) = 0;

  const Topology topology_;
  const Candidates candidates_;
  std::vector<at::Tensor> alphas_;
  std::vector<Knob> knobs_;
};

/// Number of trainable scalars of a module. Buffers are not counted.
int64_t CountParameters(const torch::nn::Module& module);

}  // namespace pdarts

#endif  // PDARTS_CORE_SUPER_NET_H_
