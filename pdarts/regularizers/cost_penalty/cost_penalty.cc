#include "pdarts/regularizers/cost_penalty/cost_penalty.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/core/super_net.h"
#include "pdarts/nn/latency_table.h"
#include "pdarts/regularizers/cost_penalty/cost_penalty.pb.h"
#include "pdarts/regularizers/linear_ramp.h"

namespace pdarts {
namespace regularizers {
namespace {

/// A lower bound of the probability of the candidates of an edge that may be derived, so that no
/// number is divided by 0.
constexpr double kLeastProbability = 1e-12;

}  // namespace

at::Tensor ExpectedCost(const nn::CostModel& model, const SearchSpace& space,
                        const Candidates& candidates, const Architecture& architecture,
                        const std::vector<at::Tensor>& probabilities) {
  const Topology& topology = space.topology();
  const at::TensorOptions options = probabilities[0].options().requires_grad(false);
  // Of each edge: whether each candidate may be derived, and then the costs of the candidates.
  std::vector<double> numbers;
  std::vector<at::Tensor> of_edges;
  for (size_t k = 0; k < topology.kinds.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    for (const ArchitectureEdge& edge : architecture.cells(static_cast<int>(k)).edges()) {
      const auto e = std::find(kind.edges.begin(), kind.edges.end(), Edge{edge.from(), edge.to()}) -
                     kind.edges.begin();
      std::vector<double> costs;
      for (const int operation : candidates[k][e]) {
        const double may = space.MayDerive(kind.operations[operation]) ? 1 : 0;
        numbers.push_back(may);
        costs.push_back(may * model.operations()[k][e][operation]);
      }
      numbers.insert(numbers.end(), costs.begin(), costs.end());
      of_edges.push_back(probabilities[k][e]);
    }
  }
  // One tensor, so that a device gets all numbers by one copy.
  const at::Tensor all_numbers = at::tensor(numbers, options);
  at::Tensor sum = at::zeros({}, options) + model.fixed();
  int64_t begin = 0;
  for (const at::Tensor& p : of_edges) {
    const at::Tensor may = all_numbers.narrow(0, begin, p.size(0));
    const at::Tensor costs = all_numbers.narrow(0, begin + p.size(0), p.size(0));
    begin += 2 * p.size(0);
    const at::Tensor all = (p * may).sum().clamp_min(kLeastProbability);
    sum = sum + (p * costs).sum() / all;
  }
  return sum;
}

}  // namespace regularizers

namespace {

using regularizers::CostPenaltyConfig;

constexpr double kMillion = 1e6;

class CostPenalty : public Regularizer {
 public:
  explicit CostPenalty(CostPenaltyConfig config) : config_(std::move(config)) {}

  absl::Status Check(const SearchSpace& space, const ProgressiveSchedule& schedule) const override {
    const bool has_table = !config_.latency_table().empty();
    if (has_table != (config_.unit() == CostPenaltyConfig::LATENCY)) {
      return absl::InvalidArgumentError(
          absl::StrCat("regularizers[cost_penalty].latency_table: \"", config_.latency_table(),
                       "\" and unit: ", CostPenaltyConfig::Unit_Name(config_.unit()),
                       " do not fit; LATENCY needs the table, and the other units take none"));
    }
    return MakeModel(space).status();
  }

  absl::Status ConstrainDerivation(const SearchSpace& space,
                                   DerivationOptions* options) const override {
    if (config_.budget() == 0 || config_.tolerance() == 0) return absl::OkStatus();
    if (options->cost_range) {
      return absl::InvalidArgumentError(
          "regularizers[cost_penalty].budget: two regularizers have a budget; a derived network "
          "can keep only one. Set budget or tolerance to 0 in the others");
    }
    PDARTS_ASSIGN_OR_RETURN(const nn::CostModel model, MakeModel(space));
    CostRange range;
    range.min = config_.budget() * (1 - config_.tolerance());
    range.max = config_.budget() * (1 + config_.tolerance());
    range.unit = UnitForReaders();
    range.fixed = Scaled(model.fixed());
    range.operations = model.operations();
    for (auto& of_kind : range.operations) {
      for (auto& of_edge : of_kind) {
        for (double& cost : of_edge) cost = Scaled(cost);
      }
    }
    options->cost_range = std::move(range);
    return absl::OkStatus();
  }

  absl::Status OnStageBegin(const SearchContext& context) override {
    PDARTS_ASSIGN_OR_RETURN(model_, MakeModel(*context.space));
    return OnEpochBegin(context);
  }

  absl::Status OnEpochBegin(const SearchContext& context) override {
    weight_ = regularizers::AlphaEpochsRamp(config_.initial_weight(), config_.final_weight(),
                                            context.epoch, context.shape);
    PDARTS_ASSIGN_OR_RETURN(const Derivation derived, Derive(context));
    derived_ = Scaled(model_->Of(derived.architecture));
    expected_ = Scaled(Expected(context, derived.architecture).item<double>());
    return absl::OkStatus();
  }

  at::Tensor AlphaPenalty(const SearchContext& context) override {
    if (weight_ == 0) return {};
    const absl::StatusOr<Derivation> derived = Derive(context);
    // The probabilities are not finite. The trainer reports that the loss is not finite either.
    if (!derived.ok()) return {};
    const at::Tensor expected = Scaled(Expected(context, derived->architecture));
    if (config_.budget() == 0) return expected * weight_;
    // The value of the penalty is that of the network that would be derived, and the gradient is
    // that of the expected cost. As long as the probabilities are nearly even, the two costs
    // differ, and the budget applies to the derived network.
    const double value = Scaled(model_->Of(derived->architecture));
    const at::Tensor cost = expected + (value - expected.detach());
    return (cost / config_.budget() - 1).square() * weight_;
  }

  /// The host derives the architecture that the penalty is of.
  std::optional<std::vector<double>> PenaltyConstants() const override {
    return weight_ == 0 ? std::optional(std::vector<double>()) : std::nullopt;
  }

  std::vector<std::pair<std::string, double>> Report() const override {
    return {{"cost_penalty", weight_},
            {"cost_penalty_derived", derived_},
            {"cost_penalty_expected", expected_}};
  }

  /// The state holds the costs at the beginning of the epoch, because a resumed search has other
  /// alphas.
  std::string SaveState() const override {
    return absl::StrFormat("%.17g %.17g", derived_, expected_);
  }
  absl::Status LoadState(absl::string_view state) override {
    const std::vector<absl::string_view> words = absl::StrSplit(state, ' ');
    double derived = 0, expected = 0;
    if (words.size() != 2 || !absl::SimpleAtod(words[0], &derived) ||
        !absl::SimpleAtod(words[1], &expected)) {
      return absl::DataLossError(
          absl::StrCat("the state of cost_penalty is \"", state, "\"; expected two numbers"));
    }
    derived_ = derived;
    expected_ = expected;
    return absl::OkStatus();
  }

 private:
  /// \error kInvalidArgument naming the setting for which the costs are not known.
  absl::StatusOr<nn::CostModel> MakeModel(const SearchSpace& space) const {
    PDARTS_ASSIGN_OR_RETURN(const NetworkShape shape, space.default_network_shape());
    absl::StatusOr<nn::CostModel> model = MakeModel(space, shape);
    if (model.ok()) return model;
    return absl::InvalidArgumentError(
        absl::StrCat("regularizers[cost_penalty].",
                     config_.unit() == CostPenaltyConfig::LATENCY ? "latency_table" : "unit", ": ",
                     model.status().message()));
  }

  absl::StatusOr<nn::CostModel> MakeModel(const SearchSpace& space,
                                          const NetworkShape& shape) const {
    if (config_.unit() != CostPenaltyConfig::LATENCY) {
      PDARTS_ASSIGN_OR_RETURN(nn::CountModels models, nn::CountModels::Make(space, shape));
      return config_.unit() == CostPenaltyConfig::MACS ? std::move(models.macs)
                                                       : std::move(models.params);
    }
    PDARTS_ASSIGN_OR_RETURN(const LatencyTable table,
                            nn::ReadLatencyTable(config_.latency_table()));
    return nn::LatencyModel(space, shape, table, config_.latency_batch());
  }

  /// Derives from the probabilities alone: the penalty must change the probabilities as long as
  /// the budget is kept only by an exchange of operations.
  static absl::StatusOr<Derivation> Derive(const SearchContext& context) {
    DerivationOptions options;
    options.limits = context.derivation_options->limits;
    return context.space->Derive(context.super_net->candidates(),
                                 context.super_net->Probabilities(), options);
  }

  std::string UnitForReaders() const {
    switch (config_.unit()) {
      case CostPenaltyConfig::MACS:
        return "million multiply-adds";
      case CostPenaltyConfig::PARAMS:
        return "million parameters";
      case CostPenaltyConfig::LATENCY:
        return "ms";
    }
    return "";
  }

  at::Tensor Expected(const SearchContext& context, const Architecture& architecture) const {
    std::vector<at::Tensor> probabilities;
    for (size_t k = 0; k < context.super_net->alphas().size(); ++k) {
      probabilities.push_back(context.super_net->ProbabilityTensor(static_cast<int>(k)));
    }
    return regularizers::ExpectedCost(*model_, *context.space, context.super_net->candidates(),
                                      architecture, probabilities);
  }

  /// Converts a cost to the unit of the config. `Cost` is double or at::Tensor.
  template <class Cost>
  Cost Scaled(const Cost& cost) const {
    return config_.unit() == CostPenaltyConfig::LATENCY ? cost : Cost(cost / kMillion);
  }

  const CostPenaltyConfig config_;
  std::optional<nn::CostModel> model_;
  double weight_ = 0;
  /// The cost of what the probabilities alone would derive at the beginning of the epoch.
  double derived_ = 0;
  double expected_ = 0;  ///< expected cost at that time
};

const bool registered = Registry<Regularizer>::Register<CostPenaltyConfig>(
    "cost_penalty",
    "a penalty on the cost of the derived network, or on its distance from a budget",
    [](CostPenaltyConfig config) -> absl::StatusOr<std::unique_ptr<Regularizer>> {
      return std::make_unique<CostPenalty>(std::move(config));
    });

}  // namespace
}  // namespace pdarts
