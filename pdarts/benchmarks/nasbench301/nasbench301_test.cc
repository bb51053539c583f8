#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/benchmarks/nasbench301/accuracy_model.pb.h"
#include "pdarts/benchmarks/nasbench301/features.h"
#include "pdarts/benchmarks/nasbench301/model.h"
#include "pdarts/benchmarks/nasbench301/nasbench301.pb.h"
#include "pdarts/benchmarks/nasbench301/shipped_model.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/spaces/darts/genotype.h"

namespace pdarts::nasbench301 {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::unique_ptr<Benchmark> Shipped() {
  return Registry<Benchmark>::CreateDefault("nasbench301").value();
}

AccuracyModel ShippedModel() { return ReadModel(kShippedModel, kShippedModelFile).value(); }

/// One of the predictions that the fitting script wrote.
struct Expected {
  std::string genotype;
  double prediction = 0;
  double leverage = 0;
  bool extrapolated = false;
};

std::vector<Expected> Fixture() {
  std::ifstream file("pdarts/benchmarks/nasbench301/predictions.csv");
  std::vector<Expected> rows;
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "genotype,prediction,leverage,extrapolated");
  while (std::getline(file, line)) {
    const std::vector<std::string> parts = absl::StrSplit(line, '"');
    EXPECT_THAT(parts, SizeIs(3)) << line;
    const std::vector<std::string> numbers = absl::StrSplit(parts[2], ',');
    EXPECT_THAT(numbers, SizeIs(4)) << line;
    Expected& row = rows.emplace_back();
    row.genotype = parts[1];
    EXPECT_TRUE(absl::SimpleAtod(numbers[1], &row.prediction)) << line;
    EXPECT_TRUE(absl::SimpleAtod(numbers[2], &row.leverage)) << line;
    row.extrapolated = numbers[3] == "1";
  }
  return rows;
}

std::map<std::string, std::string> Known() {
  const auto known = darts::KnownGenotypes();
  return {known.begin(), known.end()};
}

/// A genotype with these two cells. Each text holds the eight edges of a cell as Python text.
std::string Genotype(const std::string& normal, const std::string& reduce) {
  return absl::StrCat("Genotype(normal=[", normal, "], normal_concat=range(2, 6), reduce=[", reduce,
                      "], reduce_concat=range(2, 6))");
}

/// A cell whose first `count` edges hold `operation`. The other edges hold the operations in
/// `others`, one after the other.
std::string Cell(const std::string& operation, int count,
                 const std::vector<std::string>& others = {"sep_conv_3x3", "dil_conv_3x3",
                                                           "avg_pool_3x3"}) {
  const int inputs[] = {0, 1, 0, 1, 0, 2, 1, 3};
  std::string cell;
  for (int i = 0; i < 8; ++i) {
    absl::StrAppend(&cell, i == 0 ? "('" : ", ('",
                    i < count ? operation : others[i % others.size()], "', ", inputs[i], ")");
  }
  return cell;
}

bool IsExtrapolated(const std::string& genotype) {
  const absl::StatusOr<BenchmarkScore> score = Shipped()->Score(genotype);
  EXPECT_TRUE(score.ok()) << score.status();
  EXPECT_NE(score->has_percentile(), score->extrapolated());
  return score->extrapolated();
}

TEST(NasBench301, PredictsAsTheFittingScriptDoes) {
  const AccuracyModel model = ShippedModel();
  const std::vector<Expected> rows = Fixture();
  ASSERT_THAT(rows, SizeIs(50));
  for (const Expected& expected : rows) {
    const Prediction prediction = Predict(model, darts::ParseGenotype(expected.genotype).value());
    EXPECT_NEAR(prediction.accuracy, expected.prediction, 1e-9) << expected.genotype;
    EXPECT_NEAR(prediction.leverage, expected.leverage, 1e-9) << expected.genotype;
    EXPECT_EQ(prediction.extrapolated, expected.extrapolated) << expected.genotype;
  }
}

TEST(NasBench301, AScoreSaysThatItIsPredicted) {
  const auto benchmark = Shipped();
  EXPECT_EQ(benchmark->space(), "darts");
  EXPECT_TRUE(benchmark->predicts());
  EXPECT_EQ(benchmark->size(), 0);
  EXPECT_THAT(benchmark->datasets(), ElementsAre("cifar10"));
  const std::string text = Known()["PDARTS"];
  const BenchmarkScore score = benchmark->Score(text, "cifar10").value();
  EXPECT_EQ(score.architecture(), text);
  EXPECT_EQ(score.dataset(), "cifar10");
  EXPECT_TRUE(score.predicted());
  EXPECT_FALSE(score.has_rank());
  EXPECT_FALSE(score.has_regret());
  ASSERT_EQ(score.interval_size(), 2);
  EXPECT_DOUBLE_EQ(score.interval(1) - score.interval(0), 2 * ShippedModel().interval());
  EXPECT_NEAR(score.interval(0) + score.interval(1), 2 * score.accuracy(), 1e-9);
  EXPECT_THAT(ScoreLine(score, benchmark->size()),
              AllOf(HasSubstr("% predicted ("), HasSubstr(" nine times in ten), above ")));
}

TEST(NasBench301, PublishedCellsAreAmongTheBest) {
  const auto benchmark = Shipped();
  for (const auto& [name, least] :
       std::map<std::string, double>{{"PDARTS", 90}, {"PC_DARTS_CIFAR10", 90}, {"DARTS_V2", 85}}) {
    const BenchmarkScore score = benchmark->Score(Known()[name]).value();
    EXPECT_FALSE(score.extrapolated()) << name;
    EXPECT_GT(score.percentile(), least) << name;
  }
}

TEST(NasBench301, ABetterPredictionHasNoLowerPercentile) {
  const AccuracyModel model = ShippedModel();
  std::vector<Prediction> predictions;
  for (const Expected& row : Fixture()) {
    predictions.push_back(Predict(model, darts::ParseGenotype(row.genotype).value()));
  }
  std::sort(predictions.begin(), predictions.end(),
            [](const Prediction& a, const Prediction& b) { return a.accuracy < b.accuracy; });
  for (size_t i = 1; i < predictions.size(); ++i) {
    EXPECT_GE(predictions[i].percentile, predictions[i - 1].percentile);
  }
  EXPECT_LT(predictions.front().percentile, 20);
  EXPECT_GT(predictions.back().percentile, 80);
}

TEST(NasBench301, ThePercentileIsTheShareOfLowerQuantiles) {
  AccuracyModel model = ShippedModel();
  const Architecture architecture = darts::ParseGenotype(Known()["PDARTS"]).value();
  const double accuracy = Predict(model, architecture).accuracy;
  const auto percentile = [&](const std::vector<double>& quantiles) {
    model.mutable_quantiles()->Assign(quantiles.begin(), quantiles.end());
    return Predict(model, architecture).percentile;
  };
  EXPECT_EQ(percentile({accuracy - 2, accuracy - 1, accuracy - 0.5}), 100);
  EXPECT_EQ(percentile({accuracy + 1, accuracy + 2, accuracy + 3}), 0);
  EXPECT_NEAR(percentile({accuracy - 3, accuracy - 1, accuracy + 1}), 75, 1e-9);
  EXPECT_NEAR(percentile({accuracy - 1, accuracy, accuracy + 1}), 50, 1e-9);
  EXPECT_NEAR(percentile({accuracy - 1, accuracy - 1, accuracy + 1}), 75, 1e-9);
}

TEST(NasBench301, CellsThatNoneOfTheDataAreLikeLieOutsideIt) {
  const std::string usual = Cell("sep_conv_5x5", 2);
  EXPECT_FALSE(IsExtrapolated(Genotype(usual, usual)));
  for (const absl::string_view operation : kOperations) {
    const std::string alone = Cell(std::string(operation), 8);
    EXPECT_TRUE(IsExtrapolated(Genotype(alone, usual))) << operation;
    EXPECT_TRUE(IsExtrapolated(Genotype(usual, alone))) << operation;
    EXPECT_TRUE(IsExtrapolated(Genotype(alone, alone))) << operation;
  }
  const std::vector<std::string> others = {"sep_conv_5x5", "sep_conv_3x3", "dil_conv_5x5"};
  EXPECT_FALSE(IsExtrapolated(Genotype(Cell("skip_connect", 3, others), usual)));
  for (int skips = 5; skips <= 8; ++skips) {
    EXPECT_TRUE(IsExtrapolated(Genotype(Cell("skip_connect", skips, others), usual))) << skips;
    EXPECT_TRUE(IsExtrapolated(Genotype(usual, Cell("skip_connect", skips, others)))) << skips;
  }
  // The model does not know these operations.
  for (const char* operation : {"none", "noise"}) {
    EXPECT_TRUE(IsExtrapolated(Genotype(Cell(operation, 1), usual))) << operation;
  }
  const BenchmarkScore score = Shipped()->Score(Genotype(Cell("skip_connect", 8), usual)).value();
  EXPECT_THAT(ScoreLine(score, 0), HasSubstr("outside the model's data"));
}

TEST(NasBench301, AnArchitectureOutsideTheDataByItsLeverageAlone) {
  AccuracyModel model = ShippedModel();
  const Architecture architecture = darts::ParseGenotype(Known()["PDARTS"]).value();
  const double leverage = Predict(model, architecture).leverage;
  model.set_max_leverage(leverage * 1.01);
  EXPECT_FALSE(Predict(model, architecture).extrapolated);
  model.set_max_leverage(leverage * 0.99);
  EXPECT_TRUE(Predict(model, architecture).extrapolated);
}

TEST(NasBench301, IsomorphicArchitecturesHaveTheSameFeatures) {
  const auto features = [](const std::string& text) {
    return Features(darts::ParseGenotype(text).value());
  };
  for (const auto& [name, text] : darts::KnownGenotypes()) {
    EXPECT_THAT(features(text), SizeIs(FeatureNames().size()));
    EXPECT_EQ(features(text),
              features(darts::CanonicalGenotype(darts::ParseGenotype(text).value())))
        << name;
  }
  // Nodes 2 and 3 are exchanged, with the edges that begin there.
  const std::string reduce = Cell("sep_conv_5x5", 2);
  EXPECT_EQ(features(Genotype("('skip_connect', 0), ('dil_conv_3x3', 1), ('avg_pool_3x3', 0), "
                              "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('sep_conv_5x5', 3), "
                              "('sep_conv_3x3', 2), ('dil_conv_5x5', 4)",
                              reduce)),
            features(Genotype("('sep_conv_3x3', 1), ('avg_pool_3x3', 0), ('skip_connect', 0), "
                              "('dil_conv_3x3', 1), ('sep_conv_3x3', 1), ('sep_conv_5x5', 2), "
                              "('sep_conv_3x3', 3), ('dil_conv_5x5', 4)",
                              reduce)));
}

TEST(NasBench301, ItHasNoTable) {
  const auto benchmark = Shipped();
  for (const absl::Status& status :
       {benchmark->Text(0).status(), benchmark->Index(Known()["PDARTS"]).status(),
        benchmark->Score(0).status(), benchmark->Best(1).status(), benchmark->AddTable("t.csv")}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(status.ToString(), HasSubstr("the benchmark nasbench301 predicts accuracies: it "
                                             "has no table of architectures"));
  }
  EXPECT_THAT(benchmark->Score(Known()["PDARTS"], "cifar99").status().ToString(),
              HasSubstr("\"cifar99\"; it has: cifar10"));
  EXPECT_EQ(benchmark->Score("Genotype(").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(NasBench301, AFileTakesThePlaceOfTheShippedModel) {
  AccuracyModel model = ShippedModel();
  model.set_dataset("flowers");
  model.set_intercept(model.intercept() + 1);
  const std::string file = absl::StrCat(::testing::TempDir(), "/model.textproto");
  std::ofstream(file) << PrintSpec(model);
  const std::string text = Known()["PDARTS"];
  const double shipped = Shipped()->Score(text)->accuracy();
  const auto benchmark = Shipped();
  ASSERT_TRUE(benchmark->UseModel(file).ok()) << benchmark->UseModel(file);
  EXPECT_NEAR(benchmark->Score(text)->accuracy(), shipped + 1, 1e-9);
  EXPECT_EQ(benchmark->Score(text)->dataset(), "flowers");
  NasBench301Config config;
  config.set_model(file);
  google::protobuf::Any any;
  any.PackFrom(config);
  EXPECT_NEAR(Registry<Benchmark>::Create(any).value()->Score(text)->accuracy(), shipped + 1, 1e-9);
  config.set_model("none.textproto");
  any.PackFrom(config);
  EXPECT_THAT(Registry<Benchmark>::Create(any).status().ToString(),
              HasSubstr("model: cannot read the model none.textproto"));
  // If a file is damaged, the model does not change.
  std::ofstream(file) << "intercept: 1";
  EXPECT_FALSE(benchmark->UseModel(file).ok());
  EXPECT_EQ(benchmark->Score(text)->dataset(), "flowers");
  EXPECT_EQ(benchmark->UseModel(file + ".none").code(), absl::StatusCode::kNotFound);
}

/// The error of ReadModel for the built-in model after one change.
template <class Change>
std::string ErrorOf(const Change& change) {
  AccuracyModel model = ShippedModel();
  change(&model);
  return std::string(ReadModel(PrintSpec(model), "m").status().message());
}

TEST(NasBench301, ErrorsInAModelNameFileFieldAndWhatWasExpected) {
  using M = AccuracyModel*;
  EXPECT_EQ(ErrorOf([](M) {}), "");
  EXPECT_EQ(ErrorOf([](M m) { m->clear_dataset(); }), "m: dataset: is not set");
  EXPECT_EQ(ErrorOf([](M m) { m->clear_intercept(); }), "m: intercept: is not set");
  EXPECT_THAT(ErrorOf([](M m) { m->set_intercept(0.0 / 0.0); }), HasSubstr("m: intercept: nan"));
  EXPECT_EQ(ErrorOf([](M m) { m->set_interval(-1); }), "m: interval: -1 is not in [0, 1e+06]");
  EXPECT_THAT(ErrorOf([](M m) { m->set_max_leverage(0); }), HasSubstr("m: max_leverage: 0"));
  EXPECT_EQ(ErrorOf([](M m) { m->mutable_features()->RemoveLast(); }),
            absl::StrCat("m: features: has ", FeatureNames().size() - 1, " elements, expected ",
                         FeatureNames().size()));
  EXPECT_EQ(ErrorOf([](M m) { m->mutable_features(3)->set_name("width"); }),
            absl::StrCat("m: features[3].name: \"width\", expected \"", FeatureNames()[3], "\""));
  EXPECT_EQ(ErrorOf([](M m) { m->mutable_features(3)->clear_weight(); }),
            "m: features[3].weight: is not set");
  EXPECT_EQ(ErrorOf([](M m) { m->mutable_quantiles()->Truncate(1); }),
            "m: quantiles: has 1 elements, expected at least 2");
  EXPECT_THAT(ErrorOf([](M m) { m->set_quantiles(5, 1); }),
              AllOf(HasSubstr("m: quantiles[5]: 1 is below the one before it, ")));
  EXPECT_THAT(ErrorOf([](M m) { m->mutable_count_limits()->RemoveLast(); }),
              HasSubstr("m: count_limits: has 13 elements, expected 14"));
  EXPECT_THAT(ErrorOf([](M m) { m->mutable_count_limits(2)->set_operation("none"); }),
              HasSubstr("m: count_limits[2]: is of the normal cell and none, expected the normal "
                        "cell and skip_connect"));
  EXPECT_THAT(ErrorOf([](M m) { m->mutable_count_limits(2)->set_max(9); }),
              HasSubstr("m: count_limits[2].max: 9 is not in [0, 8]"));
  EXPECT_THAT(
      ErrorOf([](M m) { m->mutable_leverage_rows(7)->mutable_coefficients()->RemoveLast(); }),
      HasSubstr("m: leverage_rows[7].coefficients: has "));
  EXPECT_THAT(std::string(ReadModel("dataset: 1", "m").status().message()), HasSubstr("m:1:"));
  EXPECT_THAT(std::string(ReadModel("width: 1", "m").status().message()),
              AllOf(HasSubstr("m:1:"), HasSubstr("width")));
  EXPECT_FALSE(ReadModel("", "m").ok());
}

}  // namespace
}  // namespace pdarts::nasbench301
