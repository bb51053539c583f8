// Tests specs with real plugins: which specs are valid, and the errors for the others.

#include "pdarts/core/spec.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/registry.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSpec[] = R"(name: "a"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset { [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {} }
schedule { [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {} }
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0, 0.4, 0.7] }
}
regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }
)";

ExperimentSpec Spec() {
  ExperimentSpec spec = ParseSpec(kSpec, "a.textproto").value();
  EXPECT_TRUE(CompleteSpec(&spec).ok());
  return spec;
}

std::string ErrorOf(ExperimentSpec spec, const std::string& assignment) {
  const absl::Status set = SetField(&spec, assignment);
  if (!set.ok()) return set.ToString();
  return MakeExperiment(spec).status().ToString();
}

std::string ErrorOf(const std::string& assignment) { return ErrorOf(Spec(), assignment); }

TEST(Spec, IsReadCompletedAndMade) {
  const auto experiment = MakeExperiment(ParseSpec(kSpec, "a.textproto").value());
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  EXPECT_EQ(experiment->space->name(), "darts");
  EXPECT_EQ(experiment->schedule->num_stages(), 3);
  EXPECT_EQ(experiment->MakeRegularizers()->size(), 2u);
  EXPECT_EQ(experiment->spec.search().batch_size(), 96);
  EXPECT_EQ(experiment->derivation_options.limits.at(0).max, 2);
}

TEST(Spec, TheCompletedTextSaysEverything) {
  EXPECT_THAT(PrintSpec(Spec()),
              AllOf(HasSubstr("batch_size: 96"), HasSubstr("cells: 17"), HasSubstr("decay: 0.2"),
                    HasSubstr("[type.googleapis.com/pdarts.darts.DartsSpaceConfig]")));
}

TEST(Spec, SixteenBitsAreOfEachKindOfKernelsButNotUnrolled) {
  for (const char* kernels : {"FUSED", "REFERENCE"}) {
    for (const char* precision : {"BFLOAT16", "FLOAT16"}) {
      ExperimentSpec spec = Spec();
      ASSERT_TRUE(SetField(&spec, absl::StrCat("search.precision=", precision)).ok());
      ASSERT_TRUE(SetField(&spec, absl::StrCat("search.kernels=", kernels)).ok());
      EXPECT_TRUE(MakeExperiment(spec).ok()) << MakeExperiment(spec).status();
      EXPECT_THAT(ErrorOf(spec, "search.alpha_gradients=UNROLLED"),
                  AllOf(HasSubstr(absl::StrCat("search.precision: ", precision)),
                        HasSubstr("search.alpha_gradients: UNROLLED")));
    }
  }
}

TEST(Spec, SyntaxErrorsNameFileLineAndColumn) {
  EXPECT_THAT(
      ParseSpec("name: \"a\"\nsearch { batch_sise: 3 }", "dir/a.textproto").status().ToString(),
      AllOf(HasSubstr("dir/a.textproto:2:20: "), HasSubstr("batch_sise")));
  EXPECT_THAT(ParseSpec("name: \"a\" search {", "a.textproto").status().ToString(),
              HasSubstr("a.textproto:1:"));
}

TEST(Spec, AnUnknownPluginListsTheKnownOnes) {
  EXPECT_THAT(
      ParseSpec("space { [type.googleapis.com/pdarts.Nowhere] {} }", "a.textproto")
          .status()
          .ToString(),
      AllOf(HasSubstr("a.textproto:1:"), HasSubstr("unknown plugin type \"pdarts.Nowhere\""),
            HasSubstr("pdarts.darts.DartsSpaceConfig"),
            HasSubstr("pdarts.schedules.PdartsScheduleConfig")));
}

TEST(Spec, AByteOrderMarkBeforeItIsNoPartOfIt) {
  EXPECT_TRUE(ParseSpec(absl::StrCat("\xef\xbb\xbf", kSpec), "a.textproto").ok());
  EXPECT_THAT(ParseSpec("\xef\xbb\xbfnaem: \"a\"", "a.textproto").status().ToString(),
              HasSubstr("a.textproto:1:5: "));
}

TEST(Spec, PluginsOfOneNameAreNamedByTheirNumber) {
  ExperimentSpec spec = Spec();
  *spec.add_regularizers() = spec.regularizers(1);
  EXPECT_THAT(
      ErrorOf(spec, "regularizers[skip_limit].max=3"),
      HasSubstr("regularizers[skip_limit]: the spec has 2 plugins of this name; name one by "
                "its number: regularizers[1] or regularizers[2]"));
  // The error about one of several regularizers names this regularizer.
  EXPECT_THAT(ErrorOf(spec, "regularizers[2].max=-1"), HasSubstr("regularizers[2].max: -1 is not"));
  EXPECT_THAT(ErrorOf(spec, "regularizers[skip_dropout].initial_rates[2]=1"),
              HasSubstr("regularizers[skip_dropout].initial_rates[2]: 1 is not in [0, 1)"));
}

TEST(Spec, APluginOfTheWrongKindIsRefused) {
  ExperimentSpec spec = Spec();
  *spec.mutable_space() = spec.dataset();
  EXPECT_THAT(MakeExperiment(spec).status().ToString(),
              HasSubstr("space: pdarts.synthetic.SyntheticConfig is a dataset, expected a search "
                        "space (known: darts"));
}

TEST(Spec, UnsetSettingsAreNamed) {
  ExperimentSpec spec = Spec();
  spec.clear_dataset();
  EXPECT_THAT(MakeExperiment(spec).status().ToString(), HasSubstr("dataset: is not set"));
}

TEST(Spec, AnAppendedStageIsLikeTheOneBefore) {
  ExperimentSpec spec = Spec();
  ASSERT_TRUE(SetField(&spec, "schedule.stages[3].channels=16").ok());
  const std::string text = PrintSpec(spec);
  const std::string of_stage = text.substr(text.rfind("stages {"));
  const std::string before = text.substr(0, text.rfind("stages {"));
  const std::string of_stage_before = before.substr(before.rfind("stages {"));
  const auto cells = [](const std::string& stage) {
    return stage.substr(stage.find("cells:"),
                        stage.find('\n', stage.find("cells:")) - stage.find("cells:"));
  };
  EXPECT_EQ(cells(of_stage), cells(of_stage_before));
  EXPECT_THAT(of_stage, HasSubstr("channels: 16"));
}

TEST(Spec, AWholeListIsSet) {
  ExperimentSpec spec = Spec();
  ASSERT_TRUE(SetField(&spec, "regularizers[skip_dropout].initial_rates=[0, 0.25,0.5]").ok());
  std::string text = PrintSpec(spec);
  text = text.substr(text.find("initial_rates"));
  EXPECT_THAT(text, HasSubstr("initial_rates: 0\n"));
  EXPECT_THAT(text, HasSubstr("initial_rates: 0.25\n"));
  EXPECT_THAT(text, HasSubstr("initial_rates: 0.5\n"));
  ASSERT_TRUE(SetField(&spec, "regularizers[skip_dropout].initial_rates=[]").ok());
  EXPECT_THAT(PrintSpec(spec), Not(HasSubstr("initial_rates")));
  EXPECT_THAT(ErrorOf("regularizers[skip_dropout].initial_rates=0,1"),
              HasSubstr("initial_rates=[first,second]"));
  EXPECT_THAT(ErrorOf("regularizers[skip_dropout].initial_rates=[0,x]"),
              HasSubstr("regularizers[skip_dropout].initial_rates[1]: \"x\" is not a number"));
}

TEST(Spec, ValuesOutOfRangeAreNamedWithPathValueAndRange) {
  EXPECT_THAT(ErrorOf("search.batch_size=0"),
              HasSubstr("search.batch_size: 0 is not in [1, 65536]"));
  EXPECT_THAT(ErrorOf("search.weights_share=1"),
              HasSubstr("search.weights_share: 1 is not in (0, 1)"));
  EXPECT_THAT(ErrorOf("search.weights.learning_rate=nan"),
              HasSubstr("search.weights.learning_rate: nan is not in [0, 100]"));
  EXPECT_THAT(ErrorOf("regularizers[skip_dropout].initial_rates[2]=1"),
              HasSubstr("regularizers[skip_dropout].initial_rates[2]: 1 is not in [0, 1)"));
  EXPECT_THAT(ErrorOf("seed=-1"), HasSubstr("seed: -1 is not in [0, infinity)"));
  EXPECT_THAT(ErrorOf("name=../a"), HasSubstr("names a directory"));
}

TEST(Spec, SettingsOfEveryRegularizerAndOfUnrollingHaveRanges) {
  ExperimentSpec spec = Spec();
  for (const char* name : {"beta_decay", "probability_penalty", "edge_drop_path", "cost_penalty"}) {
    *spec.add_regularizers() = PluginRegistry::Global().DefaultConfig("regularizer", name).value();
  }
  ASSERT_TRUE(CompleteSpec(&spec).ok());
  EXPECT_TRUE(MakeExperiment(spec).ok());
  for (const char* end : {"initial", "final"}) {
    const std::string beta = absl::StrCat("regularizers[beta_decay].", end, "_weight");
    EXPECT_THAT(ErrorOf(spec, beta + "=-1"), HasSubstr(beta + ": -1 is not in [0, 1e+06]"));
    const std::string rate = absl::StrCat("regularizers[edge_drop_path].", end, "_rate");
    EXPECT_THAT(ErrorOf(spec, rate + "=1"), HasSubstr(rate + ": 1 is not in [0, 1)"));
    EXPECT_THAT(ErrorOf(spec, rate + "=-0.1"), HasSubstr(rate + ": -0.1 is not in [0, 1)"));
    const std::string weight = absl::StrCat("regularizers[probability_penalty].", end, "_weight");
    EXPECT_THAT(ErrorOf(spec, weight + "=nan"),
                HasSubstr(weight + ": nan is not in [-1e+06, 1e+06]"));
    const std::string cost = absl::StrCat("regularizers[cost_penalty].", end, "_weight");
    EXPECT_THAT(ErrorOf(spec, cost + "=-1"), HasSubstr(cost + ": -1 is not in [0, 1e+06]"));
  }
  EXPECT_THAT(ErrorOf(spec, "regularizers[cost_penalty].budget=-1"),
              HasSubstr("regularizers[cost_penalty].budget: -1 is not in [0, 1e+09]"));
  EXPECT_THAT(ErrorOf(spec, "regularizers[cost_penalty].tolerance=1.5"),
              HasSubstr("regularizers[cost_penalty].tolerance: 1.5 is not in [0, 1]"));
  EXPECT_THAT(ErrorOf(spec, "regularizers[cost_penalty].unit=FLOPS"), HasSubstr("FLOPS"));
  EXPECT_THAT(ErrorOf(spec, "regularizers[probability_penalty].kind=L1"), HasSubstr("L1"));
  EXPECT_THAT(ErrorOf("search.unrolled.difference_norm=0"),
              HasSubstr("search.unrolled.difference_norm: 0 is not in (0, 1]"));
  EXPECT_THAT(ErrorOf("search.alpha_gradients=SECOND"), HasSubstr("SECOND"));
}

TEST(Spec, SettingsThatDoNotFitEachOtherAreNamed) {
  EXPECT_THAT(ErrorOf("schedule.stages[0].keep=9"),
              HasSubstr("schedule.stages[0].keep: 9 is not in [1, 8]"));
  EXPECT_THAT(
      ErrorOf("regularizers[skip_dropout].initial_rates[3]=0.5"),
      HasSubstr("initial_rates: has 4 elements, expected one for each stage of the schedule: 3"));
  EXPECT_THAT(ErrorOf("regularizers[skip_limit].operation=skip"),
              AllOf(HasSubstr("regularizers[skip_limit].operation: \"skip\" is unknown"),
                    HasSubstr("skip_connect")));
}

TEST(Spec, AKnobThatTheSpaceDoesNotHaveIsNamed) {
  EXPECT_THAT(ErrorOf("regularizers[skip_dropout].knob=skip.dropout"),
              HasSubstr("regularizers[skip_dropout].knob: the darts space has no knob "
                        "\"skip.dropout\"; it has: skip_connect.dropout, edge.drop_path"));
  EXPECT_EQ(ErrorOf("regularizers[skip_dropout].knob=edge.drop_path"), "OK");
  ExperimentSpec spec = Spec();
  *spec.add_regularizers() =
      PluginRegistry::Global().DefaultConfig("regularizer", "edge_drop_path").value();
  EXPECT_THAT(ErrorOf(spec, "regularizers[edge_drop_path].knob=nothing"),
              HasSubstr("regularizers[edge_drop_path].knob: the darts space has no knob "));
}

TEST(Spec, OperationsOfWhichNothingMayBeDerivedAreRefused) {
  ExperimentSpec spec = Spec();
  *spec.mutable_space() =
      PluginRegistry::Global().DefaultConfig("search space", "nasbench201").value();
  spec.clear_regularizers();
  ASSERT_TRUE(SetField(&spec, "space.operations[0]=none").ok());
  for (int stage : {0, 1, 2}) {
    ASSERT_TRUE(SetField(&spec, absl::StrCat("schedule.stages[", stage, "].keep=1")).ok());
  }
  EXPECT_EQ(ErrorOf(spec, "space.allow_none=true"), "OK");
  EXPECT_THAT(ErrorOf(spec, "space.allow_none=false"),
              HasSubstr("space: operations: there is only none, which may not be derived "
                        "(allow_none is false)"));
}

TEST(Spec, ABenchmarkMustBeOfTheSpaceAndKnowItsDataSet) {
  const std::string config =
      "benchmark { [type.googleapis.com/pdarts.nasbench201."
      "NasBench201TableConfig] {} }";
  const ExperimentSpec other = ParseSpec(kSpec + config, "a.textproto").value();
  EXPECT_THAT(MakeExperiment(other).status().ToString(),
              HasSubstr("benchmark: it is of the search space nasbench201, the spec's space is "
                        "darts"));
  EXPECT_THAT(ErrorOf(other, "benchmark.dataset=cifar99"),
              AllOf(HasSubstr("benchmark: dataset"), HasSubstr("\"cifar99\"; it has: cifar10")));
  EXPECT_THAT(ErrorOf(other, "benchmark.table=nothing.csv"),
              HasSubstr("benchmark: table: cannot read the table nothing.csv"));
}

TEST(Spec, SetFieldStepsThroughPluginsAndLists) {
  ExperimentSpec spec = Spec();
  for (const char* assignment :
       {"search.batch_size=32", "schedule.stages[1].channels=8",
        "regularizers[skip_dropout].initial_rates[2]=0.5", "search.kernels=REFERENCE",
        "search.augmentation.flip=false", "regularizers[1].max=4", "description=two words"}) {
    const absl::Status status = SetField(&spec, assignment);
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_EQ(spec.search().batch_size(), 32);
  EXPECT_EQ(spec.search().kernels(), REFERENCE);
  EXPECT_FALSE(spec.search().augmentation().flip());
  EXPECT_EQ(spec.description(), "two words");
  const auto experiment = MakeExperiment(spec);
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  EXPECT_EQ(experiment->schedule->stage(1).channels, 8);
  EXPECT_EQ(experiment->schedule->stage(0).channels, 16);
  EXPECT_EQ(experiment->derivation_options.limits.at(0).max, 4);
  EXPECT_THAT(PrintSpec(spec), HasSubstr("initial_rates: 0.5"));
}

TEST(Spec, KernelsAndPrecisionAndTheDeviceMakeTheBackend) {
  ExperimentSpec spec = Spec();
  const Experiment usual = MakeExperiment(spec).value();
  EXPECT_EQ(usual.backend.kernels, FUSED);
  EXPECT_EQ(usual.backend.parameters, c10::kFloat);
  EXPECT_EQ(usual.StageSuperNetShape(0).backend.kernels, FUSED);
  EXPECT_EQ(MakeExperiment(spec, c10::kCUDA).value().backend.kernels, GROUPED);
  for (const char* assignment : {"search.kernels=REFERENCE", "search.precision=FLOAT64"}) {
    ASSERT_TRUE(SetField(&spec, assignment).ok());
  }
  const Experiment slow = MakeExperiment(spec).value();
  EXPECT_EQ(slow.backend.kernels, REFERENCE);
  EXPECT_EQ(slow.backend.parameters, c10::kDouble);
  EXPECT_EQ(slow.StageSuperNetShape(1).backend.kernels, REFERENCE);
  EXPECT_EQ(BackendName(slow.backend), "reference");
}

TEST(Spec, SetFieldErrorsNameThePartThatIsWrong) {
  EXPECT_THAT(ErrorOf("search.batchsize=3"),
              AllOf(HasSubstr("search.batchsize: pdarts.SearchSettings has no such field"),
                    HasSubstr("batch_size")));
  EXPECT_THAT(ErrorOf("search.batch_size"), HasSubstr("expected path.to.field=value"));
  EXPECT_THAT(ErrorOf("search.batch_size=many"),
              HasSubstr("search.batch_size: \"many\" is not a 32-bit integer"));
  EXPECT_THAT(ErrorOf("search.kernels=FAST"), HasSubstr("is not one of FUSED, REFERENCE"));
  EXPECT_THAT(ErrorOf("search=3"), HasSubstr("search: is a SearchSettings, not a single value"));
  EXPECT_THAT(ErrorOf("schedule.stages.cells=3"), HasSubstr("schedule.stages: is a list"));
  EXPECT_THAT(ErrorOf("schedule.stages[7].cells=3"), HasSubstr("the list has 3 elements"));
  EXPECT_THAT(ErrorOf("schedule.stages[a].cells=3"), HasSubstr("expected a number"));
  EXPECT_THAT(ErrorOf("schedule.stages[1.cells=3"), HasSubstr("are not of the form name[key]"));
  EXPECT_THAT(ErrorOf("regularizers[dropout].max=3"),
              HasSubstr("the spec has no such plugin; it has: skip_dropout, skip_limit"));
  EXPECT_THAT(ErrorOf("seed.x=3"), HasSubstr("seed: is a single value"));
  EXPECT_THAT(ErrorOf("seed[0]=3"), HasSubstr("seed: is not a list"));
  EXPECT_THAT(ErrorOf(".=3"), HasSubstr("expected a path of names"));
}

TEST(Spec, AFailedSetFieldChangesNothing) {
  ExperimentSpec spec = Spec();
  const std::string before = PrintSpec(spec);
  EXPECT_FALSE(SetField(&spec, "schedule.stages[3].nothing=1").ok());
  EXPECT_EQ(PrintSpec(spec), before);
}

TEST(RegistryDeathTest, RegisteringTwiceIsFatal) {
  const auto again = [] {
    const PluginInfo info = *PluginRegistry::Global().FindByConfig("pdarts.darts.DartsSpaceConfig");
    PluginRegistry::Global().Add(info, nullptr, nullptr);
  };
  EXPECT_DEATH(again(), "two plugins have the config pdarts.darts.DartsSpaceConfig");
}

TEST(Registry, AnUnknownNameListsTheKnownOnes) {
  EXPECT_THAT(PluginRegistry::Global().FindByName("schedule", "sdarts").status().ToString(),
              HasSubstr("unknown schedule \"sdarts\"; known: darts, pdarts"));
}

}  // namespace
}  // namespace pdarts
