#include "pdarts/regularizers/cost_penalty/cost_penalty.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/full.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/json.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/super_net.h"
#include "pdarts/nn/cost_model.h"
#include "pdarts/nn/latency_table.h"
#include "pdarts/nn/network_counts.h"
#include "pdarts/regularizers/cost_penalty/cost_penalty.pb.h"
#include "pdarts/regularizers/testing.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::regularizers {
namespace {

using ::testing::HasSubstr;

/// A super-network of NAS-Bench-201 with alphas that a test sets: [6,5] for none, skip_connect,
/// nor_conv_1x1, nor_conv_3x3, avg_pool_3x3.
class CostPenaltyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    space_ = Registry<SearchSpace>::CreateDefault("nasbench201").value();
    SuperNetShape shape;
    shape.cells = 1;
    shape.channels = 2;
    shape.image = {3, 8, 8};
    super_net_ =
        space_
            ->BuildSuperNet(space_->InitialCandidates().value(), shape, MakeGenerator(1, "weights"))
            .value();
  }
  /// Increases the probability of one operation on all edges.
  void Prefer(int operation, double alpha) {
    c10::NoGradGuard no_grad;
    super_net_->alphas()[0].zero_();
    super_net_->alphas()[0].select(1, operation).fill_(alpha);
  }
  SearchContext Context() {
    SearchContext context = ContextOf(super_net_.get(), 0, 1);
    context.space = space_.get();
    context.derivation_options = &options_;
    return context;
  }
  /// A regularizer at the beginning of a stage with one epoch, in which it has its final weight.
  std::unique_ptr<Regularizer> Begun(const std::string& config) {
    auto regularizer = MakeRegularizer<CostPenaltyConfig>(config);
    const absl::Status begun = regularizer->OnStageBegin(Context());
    EXPECT_TRUE(begun.ok()) << begun;
    return regularizer;
  }
  /// Millions of multiply-adds of the network that would be derived now.
  double DerivedMacs() {
    const Architecture derived =
        space_->Derive(super_net_->candidates(), super_net_->Probabilities(), options_)
            ->architecture;
    return CountNetwork(*space_, derived, space_->default_network_shape().value())->macs / 1e6;
  }
  at::Tensor Gradient(const at::Tensor& penalty) {
    return torch::autograd::grad({penalty}, {super_net_->alphas()[0]})[0];
  }

  std::unique_ptr<SearchSpace> space_;
  std::shared_ptr<SuperNet> super_net_;
  DerivationOptions options_;
};

TEST(ExpectedCost, IsOfTheArchitecturesEdgesAndOfWhatMayBeDerived) {
  const auto space = Registry<SearchSpace>::CreateDefault("darts").value();
  const Candidates candidates = space->InitialCandidates().value();
  const Topology& topology = space->topology();
  OperationCosts costs;
  for (const CellKind& kind : topology.kinds) {
    costs.emplace_back(kind.edges.size(), std::vector<double>(kind.operations.size(), 1));
    for (auto& of_edge : costs.back()) of_edge[OperationIndex(kind, "none")] = 1000;
  }
  const nn::CostModel model(topology, 10, costs);
  const Architecture architecture = nn::AnyArchitecture(*space).value();
  // An architecture has 16 of the 28 edges. The other edges cost nothing.
  const at::Tensor even = at::full({14, 8}, 1.0 / 8, at::kDouble);
  EXPECT_NEAR(ExpectedCost(model, *space, candidates, architecture, {even, even}).item<double>(),
              26, 1e-9);
}

TEST_F(CostPenaltyTest, IsTheExpectedCost) {
  // If one operation has all the probability, the cost is that of its network.
  Prefer(3, 60);
  EXPECT_NEAR(Begun("")->AlphaPenalty(Context()).item<double>() / DerivedMacs(), 1, 1e-5);
  // With even probabilities, the cost is the mean of the costs of the networks with one operation.
  double mean = 0;
  for (int operation = 0; operation < 5; ++operation) {
    Prefer(operation, 60);
    mean += DerivedMacs() / 5;
  }
  Prefer(0, 0);
  EXPECT_NEAR(Begun("")->AlphaPenalty(Context()).item<double>() / mean, 1, 1e-5);
  EXPECT_NEAR(Begun("final_weight: 0.25")->AlphaPenalty(Context()).item<double>() / mean, 0.25,
              1e-5);
}

TEST_F(CostPenaltyTest, PullsTowardsCheapOperations) {
  Prefer(3, 0.5);
  const at::Tensor gradient = Gradient(Begun("")->AlphaPenalty(Context()));
  for (int edge = 0; edge < 6; ++edge) {
    EXPECT_GT(gradient[edge][3].item<double>(), 0) << edge;
    EXPECT_LT(gradient[edge][1].item<double>(), 0) << edge;
  }
}

TEST_F(CostPenaltyTest, ABudgetIsMetByTheNetworkThatIsDerived) {
  Prefer(3, 0.1);  // nearly even, but the derivation chooses 3x3 convolutions
  const double macs = DerivedMacs();
  const auto penalty = [&](double budget) {
    return Begun(absl::StrCat("budget: ", budget))->AlphaPenalty(Context());
  };
  EXPECT_NEAR(penalty(macs).item<double>(), 0, 1e-9);
  EXPECT_NEAR(penalty(macs / 2).item<double>(), 1, 1e-4);
  // Above the budget, the penalty reduces the alphas of 3x3 convolutions. Below the budget, it
  // increases them.
  EXPECT_GT(Gradient(penalty(macs / 2))[0][3].item<double>(), 0);
  EXPECT_LT(Gradient(penalty(macs * 2))[0][3].item<double>(), 0);
}

TEST_F(CostPenaltyTest, GradientStepsReachTheBudget) {
  // The cost of four 3x3 convolutions and two edges without cost.
  Prefer(3, 60);
  {
    c10::NoGradGuard no_grad;
    super_net_->alphas()[0].slice(0, 4, 6).zero_();
  }
  const double budget = DerivedMacs();
  Prefer(3, 0.1);
  ASSERT_GT(DerivedMacs(), 1.3 * budget);
  const auto regularizer = Begun(absl::StrCat("budget: ", budget));
  for (int step = 0; step < 400; ++step) {
    const at::Tensor gradient = Gradient(regularizer->AlphaPenalty(Context()));
    c10::NoGradGuard no_grad;
    // The alphas differ from edge to edge, as in a real search, so that not all edges change at
    // once.
    for (int edge = 0; edge < 6; ++edge) {
      super_net_->alphas()[0][edge].sub_(gradient[edge], 0.02 * (edge + 1));
    }
  }
  EXPECT_NEAR(DerivedMacs() / budget, 1, 0.1);
}

TEST_F(CostPenaltyTest, TheDerivationKeepsTheBudget) {
  Prefer(3, 0.1);  // 220 million multiply-adds
  const auto derived_for = [&](const std::string& config) {
    DerivationOptions options;
    const absl::Status limited =
        MakeRegularizer<CostPenaltyConfig>(config)->ConstrainDerivation(*space_, &options);
    EXPECT_TRUE(limited.ok()) << limited;
    return space_->Derive(super_net_->candidates(), super_net_->Probabilities(), options).value();
  };
  const NetworkShape shape = space_->default_network_shape().value();
  for (const double budget : {12.0, 30.0, 45.0, 60.0, 100.0, 150.0, 200.0}) {
    const Derivation derivation = derived_for(absl::StrCat("budget: ", budget));
    const double macs = CountNetwork(*space_, derivation.architecture, shape)->macs / 1e6;
    EXPECT_NEAR(macs / budget, 1, 0.1) << budget;
    EXPECT_NEAR(derivation.trace.cost().cost(), macs, 1e-9);
    EXPECT_EQ(derivation.trace.cost().unit(), "million multiply-adds");
  }
  EXPECT_NEAR(derived_for("budget: 115 tolerance: 0.02").trace.cost().cost(), 115, 2.3);
  EXPECT_NEAR(derived_for("budget: 0.5 unit: PARAMS").trace.cost().cost(), 0.5, 0.05);
  for (const char* without : {"", "budget: 60 tolerance: 0"}) {
    EXPECT_FALSE(derived_for(without).trace.has_cost()) << without;
  }
}

TEST_F(CostPenaltyTest, ThePenaltyIsThatOfTheProbabilitiesAlone) {
  Prefer(3, 0.1);
  const auto regularizer = Begun(absl::StrCat("budget: ", DerivedMacs() / 2));
  const double without_range = regularizer->AlphaPenalty(Context()).item<double>();
  ASSERT_TRUE(regularizer->ConstrainDerivation(*space_, &options_).ok());
  EXPECT_EQ(regularizer->AlphaPenalty(Context()).item<double>(), without_range);
  EXPECT_GT(without_range, 0.9);
}

TEST_F(CostPenaltyTest, TwoBudgetsAreRefused) {
  const auto regularizer = MakeRegularizer<CostPenaltyConfig>("budget: 60");
  ASSERT_TRUE(regularizer->ConstrainDerivation(*space_, &options_).ok());
  EXPECT_THAT(std::string(regularizer->ConstrainDerivation(*space_, &options_).message()),
              HasSubstr("regularizers[cost_penalty].budget: two regularizers have a budget"));
}

TEST_F(CostPenaltyTest, ReportsWeightAndCosts) {
  Prefer(2, 60);
  const auto report = Begun("final_weight: 3")->Report();
  ASSERT_EQ(report.size(), 3u);
  EXPECT_EQ(report[0], (std::pair<std::string, double>("cost_penalty", 3)));
  EXPECT_EQ(report[1].first, "cost_penalty_derived");
  EXPECT_NEAR(report[1].second, DerivedMacs(), 1e-6);
  EXPECT_NEAR(report[2].second / DerivedMacs(), 1, 1e-5);
}

TEST_F(CostPenaltyTest, ReportsAfterAPauseWhatItReportedBefore) {
  Prefer(2, 0.3);
  const auto before = Begun("");
  Prefer(3, 0.4);
  const auto after = Begun("");
  EXPECT_NE(after->Report(), before->Report());
  ASSERT_TRUE(after->LoadState(before->SaveState()).ok());
  EXPECT_EQ(after->Report(), before->Report());
  for (const char* wrong : {"", "1", "1 2 3", "1 x"}) {
    EXPECT_EQ(after->LoadState(wrong).code(), absl::StatusCode::kDataLoss) << wrong;
  }
  EXPECT_EQ(after->Report(), before->Report());
}

TEST_F(CostPenaltyTest, OfNoWeightIsNone) {
  EXPECT_FALSE(Begun("final_weight: 0")->AlphaPenalty(Context()).defined());
}

TEST_F(CostPenaltyTest, CountsParametersAndMilliseconds) {
  Prefer(3, 60);
  const NetworkShape shape = space_->default_network_shape().value();
  const Architecture derived =
      space_->Derive(super_net_->candidates(), super_net_->Probabilities(), options_)->architecture;
  EXPECT_NEAR(Begun("unit: PARAMS")->AlphaPenalty(Context()).item<double>(),
              CountNetwork(*space_, derived, shape)->params / 1e6, 1e-5);

  // The latency table of a machine that takes a microsecond for each parameter.
  LatencyTable table;
  ASSERT_TRUE(nn::MeasureLatencies(
                  *space_, shape, 1,
                  [](Network& network, const ImageShape&, int) {
                    return static_cast<double>(CountParameters(network)) / 1e3;
                  },
                  &table)
                  .ok());
  const std::string file = (std::filesystem::path(::testing::TempDir()) / "latency.json").string();
  std::ofstream(file) << ToJsonLine(table);
  const std::string config = absl::StrCat("unit: LATENCY latency_table: \"", file, "\"");
  EXPECT_NEAR(Begun(config)->AlphaPenalty(Context()).item<double>(),
              CountNetwork(*space_, derived, shape)->params / 1e3, 1e-2);
}

TEST_F(CostPenaltyTest, RefusesATableThatIsMissingOrNotMeant) {
  const auto schedule = Registry<ProgressiveSchedule>::CreateDefault("darts").value();
  const auto message = [&](const std::string& config) {
    return std::string(
        MakeRegularizer<CostPenaltyConfig>(config)->Check(*space_, *schedule).message());
  };
  EXPECT_EQ(message(""), "");
  EXPECT_THAT(message("unit: LATENCY"),
              HasSubstr("regularizers[cost_penalty].latency_table: \"\" and unit: LATENCY"));
  EXPECT_THAT(message("latency_table: \"a.json\""),
              HasSubstr("regularizers[cost_penalty].latency_table: \"a.json\" and unit: MACS"));
  EXPECT_THAT(message("unit: LATENCY latency_table: \"nowhere.json\""),
              HasSubstr("regularizers[cost_penalty].latency_table: "));
}

}  // namespace
}  // namespace pdarts::regularizers
