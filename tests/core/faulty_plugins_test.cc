// If a plugin breaks the contract of its interface, the error names the plugin and the fault.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ATen/ops/ones.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
#include "gmock/gmock.h"
#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/schedule.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const Topology kTwoEdges = {{{"cell", {{0, 1}, {1, 2}}, {"skip", "conv"}}}};
const Candidates kAll = {{{0, 1}, {0, 1}}};
const EdgeProbabilities kEven = {{{0.5, 0.5}, {0.5, 0.5}}};

class TinyNet : public SuperNet {
 public:
  TinyNet(const Topology& topology, const Candidates& candidates)
      : SuperNet(topology, candidates, {"alphas"}) {
    register_parameter("weight", at::ones({2}));
  }
  std::string Describe() const override { return "tiny"; }

 private:
  at::Tensor DoForward(const at::Tensor& images, const ForwardContext&) override {
    return at::zeros({images.size(0), 2}, images.options());
  }
};

class TinyDerived : public Network {
 private:
  NetworkOutput DoForward(const at::Tensor& images, const ForwardContext&) override {
    return {at::zeros({images.size(0), 2}, images.options()), {}};
  }
};

/// A search space that is correct, except for what a test replaces.
class FaultySpace : public SearchSpace {
 public:
  std::string name() const override { return "faulty"; }
  const Topology& topology() const override { return its_topology; }
  std::vector<std::string> skeletons() const override { return its_skeletons; }
  std::vector<std::string> text_forms() const override { return its_forms; }

  static Derivation Right() {
    Derivation derivation;
    CellArchitecture* const cell = derivation.architecture.add_cells();
    cell->set_kind("cell");
    for (int e = 0; e < 2; ++e) {
      ArchitectureEdge* const edge = cell->add_edges();
      edge->set_from(e);
      edge->set_to(e + 1);
      edge->set_operation("conv");
      EdgeDecision* const decision = derivation.trace.add_edges();
      decision->set_cell_kind("cell");
      decision->set_edge(e);
      decision->set_from(e);
      decision->set_to(e + 1);
      for (const char* operation : {"skip", "conv"}) {
        decision->add_candidates(operation);
        decision->add_probabilities(0.5);
      }
      decision->set_operation("conv");
      decision->set_score(0.5);
      decision->set_kept(true);
    }
    return derivation;
  }

  Topology its_topology = kTwoEdges;
  std::vector<std::string> its_skeletons = {"cifar"}, its_forms = {"text"};
  Candidates initial = kAll;
  NetworkShape default_shape;
  std::function<std::shared_ptr<SuperNet>(const Candidates&)> build =
      [](const Candidates& candidates) { return std::make_shared<TinyNet>(kTwoEdges, candidates); };
  Derivation derivation = Right();
  std::shared_ptr<Network> network = std::make_shared<TinyDerived>();

 private:
  Candidates DoInitialCandidates() const override { return initial; }
  NetworkShape DoDefaultNetworkShape(const std::string&) const override { return default_shape; }
  absl::Status DoCheckSuperNetShape(const SuperNetShape&) const override {
    return absl::OkStatus();
  }
  std::shared_ptr<SuperNet> DoBuildSuperNet(const Candidates& candidates, const SuperNetShape&,
                                            at::Generator) const override {
    return build(candidates);
  }
  absl::StatusOr<Derivation> DoDerive(const Candidates&, const EdgeProbabilities&,
                                      const DerivationOptions&) const override {
    return derivation;
  }
  absl::StatusOr<std::shared_ptr<Network>> DoBuildNetwork(const Architecture&, const NetworkShape&,
                                                          at::Generator) const override {
    return network;
  }
  absl::StatusOr<Architecture> DoParse(absl::string_view) const override {
    return derivation.architecture;
  }
  absl::StatusOr<std::string> DoFormat(const Architecture&, absl::string_view) const override {
    return "text";
  }
};

class FaultySchedule : public ProgressiveSchedule {
 public:
  int num_stages() const override { return 2; }
  Candidates kept;

 private:
  StageShape DoStage(int) const override { return {1, 1, 1, 0, /*keep=*/1}; }
  absl::StatusOr<Candidates> DoPrune(int, const Candidates&,
                                     const EdgeProbabilities&) const override {
    return kept;
  }
};

class FaultyBenchmark : public Benchmark {
 public:
  std::string space() const override { return "faulty"; }
  int size() const override { return 3; }
  std::vector<std::string> datasets() const override { return {"images"}; }
  std::string default_dataset() const override { return "images"; }

 private:
  std::string DoText(int) const override { return "text"; }
  absl::StatusOr<int> DoIndex(absl::string_view) const override { return 3; }
  const std::vector<double>& DoAccuracies(absl::string_view) const override { return accuracies_; }
  absl::Status DoAddTable(const std::string&) override { return absl::OkStatus(); }

  const std::vector<double> accuracies_ = {90, 91};
};

class FaultyPredictor : public Benchmark {
 public:
  std::string space() const override { return "faulty"; }
  bool predicts() const override { return true; }
  std::vector<std::string> datasets() const override { return {"images"}; }
  std::string default_dataset() const override { return "images"; }

  BenchmarkScore score;

 private:
  absl::StatusOr<BenchmarkScore> DoPredict(absl::string_view, absl::string_view) const override {
    return score;
  }
};

// The configs are messages of protobuf, because these plugins have no settings.
const bool registered =
    Registry<SearchSpace>::Register<google::protobuf::StringValue>(
        "faulty_space", "of a test",
        [](const auto&) -> absl::StatusOr<std::unique_ptr<SearchSpace>> {
          return std::make_unique<FaultySpace>();
        }) &&
    Registry<ProgressiveSchedule>::Register<google::protobuf::Int32Value>(
        "faulty_schedule", "of a test",
        [](const auto&) -> absl::StatusOr<std::unique_ptr<ProgressiveSchedule>> {
          return std::make_unique<FaultySchedule>();
        }) &&
    Registry<Benchmark>::Register<google::protobuf::BoolValue>(
        "faulty_benchmark", "of a test",
        [](const auto&) -> absl::StatusOr<std::unique_ptr<Benchmark>> {
          return std::make_unique<FaultyBenchmark>();
        }) &&
    Registry<Benchmark>::Register<google::protobuf::FloatValue>(
        "faulty_predictor", "of a test",
        [](const auto&) -> absl::StatusOr<std::unique_ptr<Benchmark>> {
          return std::make_unique<FaultyPredictor>();
        }) &&
    Registry<Benchmark>::Register<google::protobuf::DoubleValue>(
        "missing_benchmark", "of a test",
        [](const auto&) -> absl::StatusOr<std::unique_ptr<Benchmark>> { return nullptr; });

template <class Made, class Interface>
std::unique_ptr<Made> MakeFaulty(const char* name) {
  std::unique_ptr<Interface> plugin = Registry<Interface>::CreateDefault(name).value();
  return std::unique_ptr<Made>(static_cast<Made*>(plugin.release()));
}

class FaultySpaceTest : public ::testing::Test {
 protected:
  absl::Status Build() {
    return space_->BuildSuperNet(kAll, {}, MakeGenerator(1, "weights")).status();
  }
  absl::Status Derive() { return space_->Derive(kAll, kEven, {}).status(); }
  absl::Status BuildNetwork() {
    Architecture architecture = FaultySpace::Right().architecture;
    architecture.set_space("faulty");
    return space_->BuildNetwork(architecture, {}, MakeGenerator(1, "weights")).status();
  }
  EdgeDecision* Decision(int i) { return space_->derivation.trace.mutable_edges(i); }

  /// Expects that the status names the space and this fault.
  static void ExpectFault(const absl::Status& status, const std::string& fault) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
    EXPECT_THAT(status.ToString(),
                AllOf(HasSubstr("the search space faulty_space "), HasSubstr(fault)));
  }

  const std::unique_ptr<FaultySpace> space_ = MakeFaulty<FaultySpace, SearchSpace>("faulty_space");
};

TEST_F(FaultySpaceTest, NothingIsWrongBeforeATestMakesItSo) {
  EXPECT_TRUE(space_->InitialCandidates().ok());
  EXPECT_TRUE(Build().ok()) << Build();
  EXPECT_TRUE(Derive().ok()) << Derive();
  EXPECT_EQ(space_->Derive(kAll, kEven, {})->architecture.space(), "faulty");
  EXPECT_TRUE(BuildNetwork().ok()) << BuildNetwork();
}

TEST_F(FaultySpaceTest, TopologyIsChecked) {
  const auto fault = [&](const std::function<void(Topology*)>& damage) {
    space_->its_topology = kTwoEdges;
    damage(&space_->its_topology);
    ExpectFault(Build(), "has no valid topology");
    ExpectFault(Derive(), "has no valid topology");
    return space_->InitialCandidates().status().ToString();
  };
  EXPECT_THAT(fault([](Topology* t) { t->kinds.clear(); }), HasSubstr("no cell kinds"));
  EXPECT_THAT(fault([](Topology* t) { t->kinds.push_back(t->kinds[0]); }),
              HasSubstr("two cell kinds are called cell"));
  EXPECT_THAT(fault([](Topology* t) { t->kinds[0].name.clear(); }), HasSubstr("has no name"));
  EXPECT_THAT(fault([](Topology* t) { t->kinds[0].edges.clear(); }), HasSubstr("has no edges"));
  EXPECT_THAT(fault([](Topology* t) {
                t->kinds[0].edges[1] = {2, 1};
              }),
              HasSubstr("the edge 2 -> 1 does not lead from a node to a later one"));
  EXPECT_THAT(fault([](Topology* t) {
                t->kinds[0].edges[1] = {0, 1};
              }),
              HasSubstr("the edge 0 -> 1 occurs twice"));
  EXPECT_THAT(fault([](Topology* t) { t->kinds[0].operations.clear(); }),
              HasSubstr("has no operations"));
  EXPECT_THAT(fault([](Topology* t) { t->kinds[0].operations[1] = "skip"; }),
              HasSubstr("two operations called skip"));
}

TEST_F(FaultySpaceTest, InitialCandidatesAreChecked) {
  space_->initial = {};
  ExpectFault(space_->InitialCandidates().status(),
              "begins with wrong candidates: candidates of 0 cell kinds, but the space has 1");
  space_->initial = {{{0, 1}, {0, 7}}};
  ExpectFault(space_->InitialCandidates().status(), "operation index 7");
}

TEST_F(FaultySpaceTest, ASuperNetworkIsChecked) {
  space_->build = [](const Candidates&) { return nullptr; };
  ExpectFault(Build(), "built no super-network");
  space_->build = [](const Candidates&) {
    return std::make_shared<TinyNet>(kTwoEdges, Candidates{{{0}, {1}}});
  };
  ExpectFault(Build(), "another topology or other candidates");
  space_->build = [](const Candidates& candidates) {
    auto super_net = std::make_shared<TinyNet>(kTwoEdges, candidates);
    super_net->to(at::kDouble);
    return super_net;
  };
  ExpectFault(Build(), "is not float32 on the CPU");
  space_->build = [](const Candidates& candidates) {
    auto super_net = std::make_shared<TinyNet>(kTwoEdges, candidates);
    super_net->InitializeAlphas(1, MakeGenerator(1, "alphas"));
    return super_net;
  };
  ExpectFault(Build(), "its alphas are not zero");
  space_->build = [](const Candidates& candidates) {
    auto super_net = std::make_shared<TinyNet>(kTwoEdges, candidates);
    super_net->alphas()[0].set_data(at::zeros({1, 1}));
    return super_net;
  };
  ExpectFault(Build(), "its alphas of the cell kind cell are not [2,2]");
  space_->build = [](const Candidates& candidates) {
    auto super_net = std::make_shared<TinyNet>(kTwoEdges, candidates);
    super_net->eval();
    return super_net;
  };
  ExpectFault(Build(), "not in training mode");
}

TEST_F(FaultySpaceTest, ADerivedArchitectureIsChecked) {
  space_->derivation.architecture.mutable_cells(0)->mutable_edges(1)->set_operation("pool");
  ExpectFault(Derive(), "derived something wrong: cell cell: unknown operation \"pool\"");
  space_->derivation = FaultySpace::Right();
  space_->derivation.architecture.clear_cells();
  ExpectFault(Derive(), "the architecture has 0 cells");

  space_->derivation = FaultySpace::Right();
  const absl::Status pruned = space_->Derive({{{0}, {0}}}, {{{1}, {1}}}, {}).status();
  ExpectFault(pruned, "conv is not a candidate of the edge 0 -> 1");
}

TEST_F(FaultySpaceTest, ADerivationsTraceIsChecked) {
  const auto fault = [&](const std::function<void(DerivationTrace*)>& damage) {
    space_->derivation = FaultySpace::Right();
    damage(&space_->derivation.trace);
    ExpectFault(Derive(), "trace.");
    return Derive().ToString();
  };
  // The trainer uses this number to look up what the stages pruned.
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges(1)->set_edge(99); }),
              HasSubstr("trace.edges[1]: edge: 99 is not in [0, 1]"));
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges(1)->set_edge(-1); }),
              HasSubstr("edge: -1 is not in [0, 1]"));
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges(1)->set_edge(0); }),
              HasSubstr("from: 1 is not in [0, 0]"));
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges()->RemoveLast(); }),
              HasSubstr("they are not all edges with the candidates and probabilities"));
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges(0)->set_cell_kind("x"); }),
              HasSubstr("cell_kind: \"x\" is unknown"));
  EXPECT_THAT(fault([](DerivationTrace* t) { *t->mutable_edges(1) = t->edges(0); }),
              HasSubstr("edge 0 of the cell cell occurs twice"));
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges(0)->set_to(2); }),
              HasSubstr("to: 2 is not in [1, 1]"));
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges(0)->set_probabilities(0, 0.25); }),
              HasSubstr("they are not all edges with the candidates and probabilities"));
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges(0)->add_probabilities(0); }),
              HasSubstr("probabilities: their number: 3 is not in [2, 2]"));
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges(0)->set_probabilities(0, 1.5); }),
              HasSubstr("probabilities: 1.5 is not a probability"));
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges(0)->set_candidates(1, "pool"); }),
              HasSubstr("candidates: \"pool\" is unknown"));
  EXPECT_THAT(fault([](DerivationTrace* t) { t->mutable_edges(0)->set_operation("pool"); }),
              HasSubstr("operation: \"pool\" is unknown"));
  EXPECT_THAT(fault([](DerivationTrace* t) {
                PrunedOperation* const pruned = t->mutable_edges(0)->add_pruned();
                pruned->set_operation("skip");
                pruned->set_stage(1);
              }),
              HasSubstr("pruned.stage: 1 is not in [1, 0]"));
  const auto step = [](const char* kind, const char* operation, int edge) {
    return [=](DerivationTrace* trace) {
      LimitStep* const step = trace->add_limit_steps();
      step->set_cell_kind(kind);
      step->set_operation(operation);
      step->set_edge(edge);
    };
  };
  EXPECT_THAT(fault(step("cell", "skip", 9999)),
              HasSubstr("trace.limit_steps[0]: edge: 9999 is not in [0, 1]"));
  EXPECT_THAT(fault(step("cell", "pool", 0)), HasSubstr("operation: \"pool\" is unknown"));
  EXPECT_THAT(fault(step("x", "skip", 0)), HasSubstr("cell_kind: \"x\" is unknown"));
}

TEST_F(FaultySpaceTest, ADerivedNetworkIsChecked) {
  space_->network->eval();
  ExpectFault(BuildNetwork(), "not in training mode");
  space_->network = nullptr;
  ExpectFault(BuildNetwork(), "built no network");
}

TEST_F(FaultySpaceTest, ListsOfNamesMayNotBeEmpty) {
  Architecture architecture = FaultySpace::Right().architecture;
  architecture.set_space("faulty");
  space_->its_forms.clear();
  ExpectFault(space_->Format(architecture).status(), "names no text form");
  space_->default_shape.channels = 0;
  ExpectFault(space_->default_network_shape().status(), "channels: 0 is not positive");
  space_->its_skeletons.clear();
  ExpectFault(space_->default_network_shape().status(), "names no skeleton");
}

TEST(FaultyScheduleTest, WhatItKeepsIsChecked) {
  const auto schedule = MakeFaulty<FaultySchedule, ProgressiveSchedule>("faulty_schedule");
  const auto prune = [&](Candidates kept) {
    schedule->kept = std::move(kept);
    return schedule->Prune(0, kAll, kEven).status();
  };
  EXPECT_TRUE(prune({{{0}, {1}}}).ok());
  for (const auto& [kept, fault] : std::vector<std::pair<Candidates, std::string>>{
           {{}, "0 cell kinds of 1"},
           {{{{0}}}, "cell kind 0: 1 edges of 2"},
           {{{{0}, {}}}, "cell kind 0 edge 1 keeps 0 candidates, expected 1"},
           {{{{0, 1}, {0, 1}}}, "cell kind 0 edge 0 keeps 2 candidates, expected 1"},
           {{{{0}, {7}}},
            "cell kind 0 edge 1 keeps an operation that is not one of its candidates"},
           {{{{-1}, {0}}},
            "cell kind 0 edge 0 keeps an operation that is not one of its candidates"}}) {
    const absl::Status status = prune(kept);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
    EXPECT_THAT(status.ToString(), AllOf(HasSubstr("the schedule faulty_schedule pruned wrongly "
                                                   "after stage 1: "),
                                         HasSubstr(fault)));
  }
}

TEST(FaultyScheduleTest, ArgumentsAreChecked) {
  const auto schedule = MakeFaulty<FaultySchedule, ProgressiveSchedule>("faulty_schedule");
  for (const int stage : {-1, 2}) {
    EXPECT_THAT(schedule->Prune(stage, kAll, kEven).status().ToString(),
                HasSubstr("is not in [0, 2)"));
  }
  EXPECT_THAT(schedule->Check(kTwoEdges, {}).ToString(), HasSubstr("candidates of 0 cell kinds"));
}

TEST(FaultyBenchmarkTest, AccuraciesAndNumbersAreChecked) {
  const auto benchmark = MakeFaulty<FaultyBenchmark, Benchmark>("faulty_benchmark");
  for (const absl::Status& status : {benchmark->Score(2).status(), benchmark->Best(1).status()}) {
    EXPECT_THAT(status.ToString(), HasSubstr("the benchmark faulty_benchmark has 2 accuracies on "
                                             "images of 3 architectures"));
  }
  EXPECT_THAT(benchmark->Index("text").status().ToString(),
              HasSubstr("the benchmark faulty_benchmark gives the number 3 to an architecture"));
}

TEST(FaultyBenchmarkTest, PredictionsAreChecked) {
  const auto benchmark = MakeFaulty<FaultyPredictor, Benchmark>("faulty_predictor");
  const auto expect_fault = [&] {
    const absl::Status status = benchmark->Score("text").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
    EXPECT_THAT(status.ToString(), HasSubstr("the benchmark faulty_predictor gives a prediction "
                                             "without a number, an interval or a percentile"));
  };
  expect_fault();  // only an accuracy
  benchmark->score.add_interval(90);
  benchmark->score.add_interval(92);
  benchmark->score.set_percentile(50);
  ASSERT_TRUE(benchmark->Score("text").ok()) << benchmark->Score("text").status();
  EXPECT_TRUE(benchmark->Score("text")->predicted());
  EXPECT_EQ(benchmark->Score("text")->dataset(), "images");
  benchmark->score.set_extrapolated(true);  // with a percentile
  expect_fault();
  benchmark->score.clear_percentile();
  EXPECT_TRUE(benchmark->Score("text").ok());
  benchmark->score.set_accuracy(0.0 / 0.0);
  expect_fault();
  EXPECT_EQ(benchmark->UseModel("file").code(), absl::StatusCode::kInternal);
}

TEST(FaultyBenchmarkTest, AFactoryThatMakesNothingIsNamed) {
  EXPECT_THAT(Registry<Benchmark>::CreateDefault("missing_benchmark").status().ToString(),
              HasSubstr("the factory of the benchmark missing_benchmark made nothing"));
}

}  // namespace
}  // namespace pdarts
