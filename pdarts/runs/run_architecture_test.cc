#include "pdarts/runs/run_architecture.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/testing/test_folder.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kSpec[] = R"(
name: "a"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset { [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {} }
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 2 warmup_epochs: 0 keep: 2 }
    stages { cells: 2 channels: 2 epochs: 2 warmup_epochs: 0 keep: 1 }
  }
}
)";

/// Every edge has two candidates. Each edge lost one candidate at the end of the first stage.
Derivation Derived(const Experiment& experiment) {
  const Topology& topology = experiment.space->topology();
  Candidates candidates;
  EdgeProbabilities probabilities;
  for (const CellKind& kind : topology.kinds) {
    candidates.emplace_back(kind.edges.size(), EdgeCandidates{3, 4});
    probabilities.emplace_back(kind.edges.size(), std::vector<double>{0.25, 0.75});
  }
  Derivation derivation = experiment.space->Derive(candidates, probabilities, {}).value();
  for (EdgeDecision& edge : *derivation.trace.mutable_edges()) {
    PrunedOperation* pruned = edge.add_pruned();
    pruned->set_operation("max_pool_3x3");
    pruned->set_stage(1);
    pruned->set_probability(0.1);
  }
  LimitStep* step = derivation.trace.add_limit_steps();
  step->set_cell_kind("reduce");
  step->set_operation("skip_connect");
  step->set_max(2);
  step->set_count(3);
  step->set_edge(13);
  step->set_probability(0.25);
  step->set_replacement("sep_conv_3x3");
  CostStep* const cost_step = derivation.trace.mutable_cost()->add_steps();
  cost_step->set_cell_kind("reduce");
  cost_step->set_edge(13);
  cost_step->set_operation("sep_conv_3x3");
  cost_step->set_replacement("dil_conv_3x3");
  return derivation;
}

class RunArchitectureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = TestFolder();
    experiment_ = MakeExperiment(ParseSpec(kSpec, "spec").value()).value();
    Derivation derivation = Derived(experiment_);
    sound_.set_text(experiment_.space->Format(derivation.architecture).value());
    *sound_.mutable_architecture() = std::move(derivation.architecture);
    *sound_.mutable_trace() = std::move(derivation.trace);
  }
  void Write(const std::string& text) {
    std::ofstream(path_ / "architecture.textproto", std::ios::binary) << text;
  }
  /// The error of reading a file with this content.
  std::string Reading(const DerivedArchitecture& found) {
    std::string text;
    google::protobuf::TextFormat::PrintToString(found, &text);
    Write(text);
    return std::string(ReadRunDerivation(path_.string(), experiment_).status().message());
  }

  fs::path path_;
  Experiment experiment_;
  DerivedArchitecture sound_;
};

TEST_F(RunArchitectureTest, ReadsBackWhatWasFound) {
  EXPECT_THAT(ReadRunArchitecture(path_.string(), *experiment_.space).status().ToString(),
              HasSubstr("holds no architecture yet"));
  EXPECT_EQ(Reading(sound_), "");
  const auto found = ReadRunDerivation(path_.string(), experiment_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->SerializeAsString(), sound_.SerializeAsString());
  const auto plain = ReadRunArchitecture(path_.string(), *experiment_.space);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->text(), sound_.text());
  EXPECT_FALSE(plain->has_trace());
}

TEST_F(RunArchitectureTest, NamesThePlaceThatDoesNotParse) {
  Write("architecture {\n  kinds: 3\n}\n");
  const auto found = ReadRunArchitecture(path_.string(), *experiment_.space);
  EXPECT_EQ(found.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("architecture.textproto:2:"));
}

TEST_F(RunArchitectureTest, RefusesAnArchitectureThatIsNotOfTheSpace) {
  DerivedArchitecture found = sound_;
  found.mutable_architecture()->mutable_cells(0)->set_kind("x\"><img src=x onerror=alert(1)>");
  EXPECT_THAT(Reading(found), AllOf(HasSubstr("architecture.textproto: architecture: cell 0"),
                                    HasSubstr("expected \"normal\"")));
  found = sound_;
  found.mutable_architecture()->mutable_cells(1)->set_kind("x/../../y");
  EXPECT_THAT(Reading(found), HasSubstr("cell 1 is of the kind \"x/../../y\""));
  found = sound_;
  found.mutable_architecture()->mutable_cells(0)->mutable_edges(3)->set_to(200000000);
  EXPECT_THAT(Reading(found), HasSubstr("to 200000000"));
  found = sound_;
  found.mutable_architecture()->mutable_cells(0)->add_concat(2000000000);
  EXPECT_THAT(Reading(found), HasSubstr("2000000000"));
  found = sound_;
  found.mutable_architecture()->set_space("nasbench201");
  EXPECT_THAT(Reading(found), HasSubstr("expected \"darts\""));
}

TEST_F(RunArchitectureTest, RefusesATextThatIsAnotherArchitecture) {
  DerivedArchitecture found = sound_;
  found.set_text("x");
  EXPECT_THAT(Reading(found), HasSubstr("architecture.textproto: text: "));
  found = sound_;
  found.mutable_architecture()->mutable_cells(0)->mutable_edges(0)->set_operation("max_pool_3x3");
  EXPECT_THAT(Reading(found), HasSubstr("but the architecture is Genotype("));
}

TEST_F(RunArchitectureTest, RefusesATraceThatDoesNotFitTheSearch) {
  const auto edge_says = [&](auto change) {
    DerivedArchitecture found = sound_;
    change(found.mutable_trace()->mutable_edges(20));
    const std::string says = Reading(found);
    EXPECT_THAT(says, HasSubstr("architecture.textproto: trace.edges[20]"));
    return says;
  };
  using E = EdgeDecision*;
  EXPECT_THAT(edge_says([](E e) { e->set_cell_kind("x"); }), HasSubstr("cell_kind: \"x\""));
  EXPECT_THAT(edge_says([](E e) { e->set_edge(9999); }), HasSubstr("edge: 9999 is not in [0, 13]"));
  EXPECT_THAT(edge_says([](E e) { e->set_edge(-1); }), HasSubstr("edge: -1"));
  EXPECT_THAT(edge_says([](E e) { e->set_from(7); }), HasSubstr("from: 7"));
  EXPECT_THAT(edge_says([](E e) { e->set_to(200000000); }), HasSubstr("to: 200000000"));
  EXPECT_THAT(edge_says([](E e) { e->add_candidates("none"); }), HasSubstr("their number"));
  EXPECT_THAT(edge_says([](E e) { e->set_candidates(0, "<b>"); }),
              HasSubstr("candidates: \"<b>\""));
  EXPECT_THAT(edge_says([](E e) { e->set_candidates(1, e->candidates(0)); }), HasSubstr("doubled"));
  EXPECT_THAT(edge_says([](E e) { e->set_probabilities(0, -1); }), HasSubstr("-1 is not a prob"));
  EXPECT_THAT(edge_says([](E e) { e->set_operation("x"); }), HasSubstr("operation: \"x\""));
  EXPECT_THAT(edge_says([](E e) { e->set_score(0.0 / 0.0); }), HasSubstr("score: nan"));
  EXPECT_THAT(edge_says([](E e) { e->mutable_pruned(0)->set_stage(2000000000); }),
              HasSubstr("pruned.stage: 2000000000 is not in [1, 1]"));
  EXPECT_THAT(edge_says([](E e) { e->mutable_pruned(0)->set_stage(0); }), HasSubstr("stage: 0"));
  EXPECT_THAT(edge_says([](E e) { e->mutable_pruned(0)->set_operation("x"); }),
              HasSubstr("pruned.operation: \"x\""));
  EXPECT_THAT(edge_says([](E e) { e->mutable_pruned(0)->set_probability(2); }),
              HasSubstr("2 is no"));
  EXPECT_THAT(edge_says([&](E e) { *e = sound_.trace().edges(19); }), HasSubstr("occurs twice"));

  const auto limit_says = [&](auto change) {
    DerivedArchitecture found = sound_;
    change(found.mutable_trace()->mutable_limit_steps(0));
    const std::string says = Reading(found);
    EXPECT_THAT(says, HasSubstr("architecture.textproto: trace.limit_steps[0]"));
    return says;
  };
  using L = LimitStep*;
  EXPECT_THAT(limit_says([](L l) { l->set_cell_kind("x"); }), HasSubstr("cell_kind: \"x\""));
  EXPECT_THAT(limit_says([](L l) { l->set_operation("x"); }), HasSubstr("operation: \"x\""));
  EXPECT_THAT(limit_says([](L l) { l->set_edge(9999); }), HasSubstr("edge: 9999"));
  EXPECT_THAT(limit_says([](L l) { l->set_count(99); }), HasSubstr("count: 99"));
  EXPECT_THAT(limit_says([](L l) { l->set_max(-1); }), HasSubstr("max: -1"));
  EXPECT_THAT(limit_says([](L l) { l->set_probability(2); }), HasSubstr("probability: 2"));
  EXPECT_THAT(limit_says([](L l) { l->set_replacement("x"); }), HasSubstr("replacement: \"x\""));

  const auto cost_says = [&](auto change) {
    DerivedArchitecture found = sound_;
    change(found.mutable_trace()->mutable_cost());
    const std::string says = Reading(found);
    EXPECT_THAT(says, HasSubstr("architecture.textproto: trace.cost: "));
    return says;
  };
  using C = CostDecision*;
  EXPECT_THAT(cost_says([](C c) { c->set_min(0.0 / 0.0); }), HasSubstr("min: nan"));
  EXPECT_THAT(cost_says([](C c) { c->set_max(0.0 / 0.0); }), HasSubstr("max: nan"));
  EXPECT_THAT(cost_says([](C c) { c->set_cost(0.0 / 0.0); }), HasSubstr("cost: nan"));
  EXPECT_THAT(cost_says([](C c) { c->set_cost_before(0.0 / 0.0); }), HasSubstr("before: nan"));
  const auto cost_step_says = [&](auto change) {
    return cost_says([&](C c) { change(c->mutable_steps(0)); });
  };
  using S = CostStep*;
  EXPECT_THAT(cost_step_says([](S s) { s->set_cell_kind("x"); }),
              HasSubstr("steps[0]: cell_kind: \"x\""));
  EXPECT_THAT(cost_step_says([](S s) { s->set_edge(9999); }), HasSubstr("edge: 9999"));
  EXPECT_THAT(cost_step_says([](S s) { s->set_operation("x"); }), HasSubstr("operation: \"x\""));
  EXPECT_THAT(cost_step_says([](S s) { s->set_replacement("x"); }), HasSubstr("ment: \"x\""));
  EXPECT_THAT(cost_step_says([](S s) { s->set_probability(2); }), HasSubstr("probability: 2"));
  EXPECT_THAT(cost_step_says([](S s) { s->set_replacement_probability(2); }),
              HasSubstr("replacement_probability: 2"));
  EXPECT_THAT(cost_step_says([](S s) { s->set_cost_change(0.0 / 0.0); }),
              HasSubstr("cost_change: nan"));
}

}  // namespace
}  // namespace pdarts
