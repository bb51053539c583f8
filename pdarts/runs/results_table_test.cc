#include "pdarts/runs/results_table.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

ResultsTable OurTable() {
  ResultsTable table;
  ResultsRow* row = table.add_rows();
  row->mutable_result()->set_name("mine");
  row->mutable_result()->set_dataset("cifar10");
  row->mutable_result()->set_search_space("darts");
  row->mutable_result()->set_seed(2);
  row->mutable_result()->set_genotype("|a~0|, \"b\"");
  row->mutable_result()->set_search_cost_s(8825);
  row->mutable_result()->set_supernet_top1(86.5);
  row->set_config("runs/a b/spec.textproto");
  return table;
}

TEST(ResultsTableTest, PublishedRowsStandBesideThoseOfTheSameDataAndSpace) {
  ResultsTable table = OurTable();
  AddPublishedResults(&table);
  ASSERT_EQ(table.rows_size(), 4);
  EXPECT_TRUE(table.rows(0).published());
  EXPECT_EQ(table.rows(0).result().seed(), 1);
  EXPECT_EQ(table.rows(0).result().supernet_top5(), 99.42);
  EXPECT_EQ(table.rows(3).result().name(), "mine");
  ResultsTable other;
  other.add_rows()->mutable_result()->set_dataset("synthetic");
  AddPublishedResults(&other);
  EXPECT_EQ(other.rows_size(), 1);
}

TEST(ResultsTableTest, AnEmptyPublishedRowKeepsItsPlaceUntilARunFillsIt) {
  for (const int seed : {1, 2}) {
    ResultsTable table;
    RunResult* result = table.add_rows()->mutable_result();
    result->set_dataset("cifar10");
    result->set_search_space("nasbench201");
    result->set_seed(seed);
    AddPublishedResults(&table);
    EXPECT_EQ(table.rows_size(), seed);
  }
}

TEST(ResultsTableTest, CsvHasThePublishedColumnsFirstAndQuotesWhatNeedsIt) {
  EXPECT_EQ(ResultsCsv(OurTable()),
            "dataset,search_space,seed,mem_gb,params_m,flops_g,genotype,supernet_top1,"
            "supernet_top5,search_cost_s,benchmark_top1,benchmark_rank,predicted_top1,"
            "predicted_percentile,test_top1,test_top5,train_cost_s,name,config,model,log,report,"
            "published\n"
            "cifar10,darts,2,,,,\"|a~0|, \"\"b\"\"\",86.5,,8825,,,,,,,,mine,"
            "runs/a b/spec.textproto,,,,false\n");
}

TEST(ResultsTableTest, CsvHoldsNothingThatASpreadsheetRuns) {
  ResultsTable table;
  ResultsRow* row = table.add_rows();
  row->mutable_result()->set_dataset("=HYPERLINK(\"http://a\",\"b\")");
  row->mutable_result()->set_search_space("@sum");
  row->mutable_result()->set_seed(-1);
  row->mutable_result()->set_genotype("\t=1");
  row->set_config("-runs/a");
  row->set_model("+runs/a");
  EXPECT_THAT(
      ResultsCsv(table),
      HasSubstr("\n\"'=HYPERLINK(\"\"http://a\"\",\"\"b\"\")\",'@sum,-1,,,,'\t=1,,,,,,,,,,,,"
                "'-runs/a,'+runs/a,,,false\n"));
}

TEST(ResultsTableTest, MarkdownLeavesOutWhatNoRowHasAndLinksFiles) {
  ResultsTable table = OurTable();
  const std::string alone = ResultsMarkdown(table);
  EXPECT_THAT(alone, AllOf(StartsWith("| run | dataset | search_space | seed | genotype |"),
                           HasSubstr("| `\\|a~0\\|, \"b\"` | 86.5 | 8825 |"),
                           HasSubstr("[config](<runs/a b/spec.textproto>) |")));
  EXPECT_THAT(alone, Not(HasSubstr("benchmark")));
  table.mutable_rows(0)->mutable_result()->mutable_benchmark()->set_rank(7);
  EXPECT_THAT(ResultsMarkdown(table), HasSubstr("benchmark_rank"));
  AddPublishedResults(&table);
  EXPECT_THAT(ResultsMarkdown(table), HasSubstr("| published | cifar10 | darts | 1 | 4.79 |"));
}

TEST(ResultsTableTest, APredictionIsCalledOne) {
  ResultsTable table = OurTable();
  BenchmarkScore* const score = table.mutable_rows(0)->mutable_result()->mutable_benchmark();
  score->set_predicted(true);
  score->set_accuracy(94.25);
  score->set_percentile(97.5);
  EXPECT_THAT(ResultsMarkdown(table),
              AllOf(HasSubstr(" predicted_top1 | predicted_percentile |"),
                    HasSubstr("| 94.25 | 97.5 |"), Not(HasSubstr("benchmark"))));
  EXPECT_THAT(ResultsCsv(table),
              AllOf(HasSubstr(",benchmark_rank,predicted_top1,predicted_percentile,test_top1,"),
                    HasSubstr(",8825,,,94.25,97.5,,,,mine,")));
}

TEST(ResultsTableTest, ATrainingHasARow) {
  ResultsTable table = OurTable();
  RunResult* result = table.add_rows()->mutable_result();
  result->set_name("trained");
  result->set_test_top1(93.25);
  result->set_test_top5(100);
  result->set_chance_top1(20);
  EXPECT_THAT(ResultsMarkdown(table),
              AllOf(HasSubstr("| trained |"), HasSubstr("| 93.25 |"), HasSubstr(" test_top1 |"),
                    Not(HasSubstr("test_top5"))));  // always 100% with five classes
  result->set_chance_top1(10);
  EXPECT_THAT(ResultsCsv(table), HasSubstr(",93.25,100,,trained,"));
}

TEST(ResultsTableTest, GroupsStandBelowTheRowsAndSayWhatTheDeviationIs) {
  ResultsTable table = OurTable();
  EXPECT_THAT(ResultsMarkdown(table),
              AllOf(Not(HasSubstr("n - 1")), HasSubstr("flops_g counts multiply-adds")));
  ResultsGroup* group = table.add_groups();
  group->set_name("a|b");
  group->set_dataset("cifar10");
  group->set_search_space("darts");
  group->add_seeds(1);
  group->add_seeds(3);
  ResultsColumn* column = group->add_columns();
  column->set_name("supernet_top1");
  column->set_runs(2);
  column->set_mean(53.2249);
  column->set_deviation(1.786);
  EXPECT_THAT(
      ResultsMarkdown(table),
      AllOf(HasSubstr("| runs that differ in the seed only | dataset | search_space | seeds "
                      "| supernet_top1 |\n"),
            HasSubstr("\n| a\\|b | cifar10 | darts | 1, 3 | 53.22 ± 1.79 |\n"),
            HasSubstr("divided by n - 1"), Not(HasSubstr("greement"))));
  for (const int stage : {1, 2}) {
    StageAgreement* agreement = group->add_agreement();
    agreement->set_stage(stage);
    agreement->set_mean(stage == 1 ? 0.525 : -0.0312);
  }
  table.add_groups()->set_name("training");
  EXPECT_THAT(ResultsMarkdown(table),
              AllOf(HasSubstr("| supernet_top1 | agreement by stage |\n"),
                    HasSubstr("| 53.22 ± 1.79 | 0.53, -0.03 |\n"), HasSubstr("| – | – |\n"),
                    HasSubstr("the seed decides.\n")));
}

/// A grid whose point i has the accuracy 10 * i. `fields` and their values are given.
ResultsGrid GridOfValues(const std::vector<std::string>& fields,
                         const std::vector<std::vector<std::string>>& points) {
  ResultsGrid grid;
  grid.set_name("swept");
  grid.set_dataset("cifar10");
  grid.set_search_space("darts");
  grid.set_plotted("supernet_top1");
  for (const std::string& field : fields) grid.add_fields(field);
  for (size_t i = 0; i < points.size(); ++i) {
    ResultsGridPoint* point = grid.add_points();
    for (const std::string& value : points[i]) point->add_values(value);
    point->add_seeds(1);
    const double accuracy = 10 * static_cast<double>(i + 1);
    point->add_plotted(accuracy);
    ResultsColumn* column = point->add_columns();
    column->set_name("supernet_top1");
    column->set_runs(1);
    column->set_mean(accuracy);
  }
  return grid;
}

TEST(ResultsTableTest, AGridOfOneFieldIsATableAndALinePlot) {
  ResultsTable table = OurTable();
  EXPECT_EQ(GridsMarkdown(table), "");
  *table.add_grids() = GridOfValues({"search.batch_size"}, {{"8"}, {"16"}, {"320"}});
  EXPECT_EQ(GridsMarkdown(table),
            "\nThe grid of swept (cifar10, darts):\n\n"
            "| search.batch_size | seeds | supernet_top1 |\n"
            "| --- | --- | --- |\n"
            "| 8 | 1 | 10.00 |\n"
            "| 16 | 1 | 20.00 |\n"
            "| 320 | 1 | 30.00 |\n"
            "\nMean ± standard deviation of a sample (the sum of squares is divided by n - 1).\n"
            "\n```text\n"
            "supernet_top1 for each search.batch_size:\n\n"
            "8   |o                                        | 10.00\n"
            "16  |                    o                    | 20.00\n"
            "320 |                                        o| 30.00\n"
            "     10.00                               30.00\n"
            "```\n");
  EXPECT_THAT(ResultsMarkdown(table), HasSubstr(GridsMarkdown(table)));
}

TEST(ResultsTableTest, AGridOfTwoFieldsIsATableAndAMatrix) {
  ResultsTable table;
  *table.add_grids() = GridOfValues({"a.rate", "one", "size"},
                                    {{"0.1", "x", "8"}, {"0.1", "x", "16"}, {"0.2", "x", "8"}});
  EXPECT_THAT(GridsMarkdown(table),
              HasSubstr("mean supernet_top1 for each a.rate (rows) and size (columns):\n\n"
                        "     8         16\n"
                        "0.1  10.00     20.00 ▒▒\n"
                        "0.2  30.00 ██  –\n"));
}

TEST(ResultsTableTest, AGridOfThreeFieldsHasNoPlotAndNoValueEndsABlockOfCode) {
  ResultsTable table;
  *table.add_grids() = GridOfValues({"a", "b", "c"}, {{"1", "1", "1"}, {"2", "2", "2"}});
  EXPECT_THAT(GridsMarkdown(table), AllOf(HasSubstr("| 2 | 2 | 2 | 1 |"), Not(HasSubstr("```"))));
  table.clear_grids();
  *table.add_grids() = GridOfValues({"a"}, {{"```\n<b>"}, {"2"}});
  EXPECT_THAT(GridsMarkdown(table), HasSubstr("\n" + std::string(4, '?') + "<b> |o"));
}

/// A result may come from anybody: its text must not become markup or a row of the table.
TEST(ResultsTableTest, TextStandsForItselfInMarkdown) {
  ResultsTable table;
  RunResult* result = table.add_rows()->mutable_result();
  result->set_name("a\n| b | <img src=x onerror=alert(1)> [c](d) `e`");
  result->set_genotype("`<script>`\n| f |");
  table.mutable_rows(0)->set_config("a|b\nc");
  const std::string markdown = ResultsMarkdown(table);
  EXPECT_THAT(markdown, HasSubstr("\n| a \\| b \\| &lt;img src=x onerror=alert(1)> \\[c](d) "
                                  "\\`e\\` | `'<script>' \\| f \\|` | [config](<a%7Cb%0Ac>) |\n"));
  // Three rows, an empty line, and a line about flops_g.
  EXPECT_EQ(std::count(markdown.begin(), markdown.end(), '\n'), 5);
}

}  // namespace
}  // namespace pdarts
