#ifndef PDARTS_REGULARIZERS_TESTING_H_
#define PDARTS_REGULARIZERS_TESTING_H_

#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "c10/core/GradMode.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/text_format.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/core/super_net.h"

namespace pdarts::regularizers {

/// A super-network that consists only of its alphas and knobs, for tests of regularizers.
class AlphasOnly : public SuperNet {
 public:
  /// `alphas` are `[E,K]`, one matrix for each cell kind.
  explicit AlphasOnly(const std::vector<at::Tensor>& alphas, std::vector<Knob> knobs = {})
      : SuperNet(TopologyOf(alphas), AllCandidates(TopologyOf(alphas)), NamesOf(alphas)) {
    c10::NoGradGuard no_grad;
    for (size_t k = 0; k < alphas.size(); ++k) {
      this->alphas()[k].set_data(alphas[k].clone());
    }
    for (Knob& knob : knobs) DeclareKnob(std::move(knob));
  }
  std::string Describe() const override { return "alphas only"; }

 private:
  at::Tensor DoForward(const at::Tensor& images, const ForwardContext&) override {
    return at::zeros({images.size(0), 2}, images.options());
  }
  static std::vector<std::string> NamesOf(const std::vector<at::Tensor>& alphas) {
    std::vector<std::string> names;
    for (size_t k = 0; k < alphas.size(); ++k) names.push_back(absl::StrCat("kind", k));
    return names;
  }
  static Topology TopologyOf(const std::vector<at::Tensor>& alphas) {
    Topology topology;
    const std::vector<std::string> names = NamesOf(alphas);
    for (size_t k = 0; k < alphas.size(); ++k) {
      CellKind& kind = topology.kinds.emplace_back();
      kind.name = names[k];
      for (int e = 0; e < alphas[k].size(0); ++e) kind.edges.push_back({e, e + 1});
      for (int o = 0; o < alphas[k].size(1); ++o) kind.operations.push_back(absl::StrCat("op", o));
    }
    return topology;
  }
};

/// Makes the plugin of a config, which is given as text, in the way in which an experiment makes
/// it.
template <class Config>
std::unique_ptr<Regularizer> MakeRegularizer(const std::string& config) {
  Config message;
  CHECK(google::protobuf::TextFormat::ParseFromString(config, &message));
  google::protobuf::Any any;
  any.PackFrom(message);
  return Registry<Regularizer>::Create(any).value();
}

/// The context of a hook in a search with one stage.
inline SearchContext ContextOf(SuperNet* super_net, int epoch, int epochs, int warmup_epochs = 0) {
  SearchContext context;
  context.super_net = super_net;
  context.epoch = epoch;
  context.shape.epochs = epochs;
  context.shape.warmup_epochs = warmup_epochs;
  return context;
}

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_TESTING_H_
