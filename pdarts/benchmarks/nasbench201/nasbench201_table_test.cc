#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/benchmarks/nasbench201/nasbench201_table.pb.h"
#include "pdarts/benchmarks/nasbench201/shipped_table.h"
#include "pdarts/benchmarks/nasbench201/table.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/registry.h"
#include "pdarts/spaces/nasbench201/cell.h"

namespace pdarts::nasbench201 {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kBest[] =
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|"
    "nor_conv_1x1~2|";

std::unique_ptr<Benchmark> Shipped() {
  return Registry<Benchmark>::CreateDefault("nasbench201").value();
}

/// The lines of the table that belongs to the program. The first line is the header.
std::vector<std::string> Lines() {
  return absl::StrSplit(absl::string_view(kShippedTable), '\n', absl::SkipEmpty());
}

std::string ErrorOf(const std::vector<std::string>& lines) {
  return std::string(ReadTable(absl::StrJoin(lines, "\n"), "t.csv").status().message());
}

TEST(NasBench201Table, NumbersAreTheBenchmarksAndRoundTrip) {
  const auto benchmark = Shipped();
  EXPECT_EQ(benchmark->size(), 15625);
  EXPECT_EQ(benchmark->Text(0).value(),
            "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|"
            "skip_connect~2|");
  const std::vector<std::string> lines = Lines();
  std::set<std::string> texts;
  for (int i = 0; i < benchmark->size(); ++i) {
    const std::string text = benchmark->Text(i).value();
    EXPECT_EQ(text, lines[i + 1].substr(0, lines[i + 1].find(',')));
    EXPECT_EQ(benchmark->Index(text).value(), i);
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), 15625u);
  EXPECT_THAT(benchmark->Text(15625).status().ToString(), HasSubstr("from 0 to 15624"));
  EXPECT_FALSE(benchmark->Text(-1).ok());
}

TEST(NasBench201Table, ScoresHaveRankPercentileAndRegret) {
  const auto benchmark = Shipped();
  const BenchmarkScore best = benchmark->Score(benchmark->Index(kBest).value()).value();
  EXPECT_EQ(best.dataset(), "cifar10");
  EXPECT_EQ(best.accuracy(), 94.3733);
  EXPECT_EQ(best.rank(), 1);
  EXPECT_EQ(best.percentile(), 100);
  EXPECT_EQ(best.regret(), 0);
  // Two architectures have rank 1, so the next architecture has rank 3.
  const std::vector<int> top = benchmark->Best(3).value();
  EXPECT_EQ(benchmark->Score(top[1]).value().rank(), 1);
  const BenchmarkScore third = benchmark->Score(top[2]).value();
  EXPECT_EQ(third.rank(), 3);
  EXPECT_DOUBLE_EQ(third.percentile(), 100.0 * (15625 - 3) / 15624);
  EXPECT_EQ(third.regret(), 0.01);
  EXPECT_EQ(ScoreLine(third, benchmark->size()),
            "cifar10 94.3633%, rank 3 of 15625, percentile 99.99, regret 0.0100");
  EXPECT_EQ(benchmark->Best(20000)->size(), 15625u);
  EXPECT_FALSE(benchmark->Best(-1).ok());
  EXPECT_THAT(benchmark->Score(0, "cifar99").status().ToString(),
              HasSubstr("\"cifar99\"; it has: cifar10"));
}

TEST(NasBench201Table, TextErrorsNameThePosition) {
  EXPECT_THAT(Shipped()->Index("|none~0|+|dil_conv_3x3~0|").status().ToString(),
              HasSubstr("column 11: unknown operation 'dil_conv_3x3'"));
}

TEST(NasBench201Table, AFileAddsDataSetsInAnyOrderOfRows) {
  std::vector<std::string> lines = Lines();
  std::reverse(lines.begin() + 1, lines.end());
  lines[0] = "architecture,cifar10_test_accuracy,cifar100_test_accuracy\r";
  for (size_t i = 1; i < lines.size(); ++i) absl::StrAppend(&lines[i], ",", i % 100, "\r");
  const std::string file = absl::StrCat(::testing::TempDir(), "/more.csv");
  std::ofstream(file, std::ios::binary) << absl::StrJoin(lines, "\n");
  const auto plain = Shipped(), more = Shipped();
  ASSERT_TRUE(more->AddTable(file).ok()) << more->AddTable(file);
  EXPECT_THAT(more->datasets(), ElementsAre("cifar10", "cifar100"));
  for (const int i : {0, 1, 15624}) {
    EXPECT_EQ(more->Text(i).value(), plain->Text(i).value());
    EXPECT_EQ(more->Score(i)->accuracy(), plain->Score(i)->accuracy());
    EXPECT_EQ(more->Score(i, "cifar100")->accuracy(), (15625 - i) % 100);
  }
  google::protobuf::Any config;
  NasBench201TableConfig settings;
  settings.set_table(file);
  settings.set_dataset("cifar100");
  config.PackFrom(settings);
  EXPECT_EQ(Registry<Benchmark>::Create(config).value()->Score(0)->dataset(), "cifar100");
  EXPECT_EQ(plain->AddTable(file + ".none").code(), absl::StatusCode::kNotFound);
  // If a file exists but cannot be read, the error does not say that it is missing.
  EXPECT_THAT(plain->AddTable(::testing::TempDir()).ToString(), HasSubstr("is a directory"));
}

TEST(NasBench201Table, SpacesAroundFieldsAndAByteOrderMarkAreNoPartOfThem) {
  std::vector<std::string> lines = Lines();
  lines[0] = "\xef\xbb\xbf architecture , cifar100_test_accuracy ";
  lines[1] = absl::StrReplaceAll(lines[1], {{",", " ,\t"}});
  const absl::StatusOr<Table> table = ReadTable(absl::StrJoin(lines, "\n"), "t.csv");
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_EQ(table->columns.size(), 1u);
  EXPECT_EQ(table->columns[0].dataset, "cifar100");
}

TEST(NasBench201Table, FractionsAreNotTakenForPercent) {
  std::vector<std::string> lines = Lines();
  lines[0] += ",cifar100_test_accuracy";
  for (size_t i = 1; i < lines.size(); ++i) absl::StrAppend(&lines[i], i == 1 ? ",1" : ",0.5");
  EXPECT_EQ(ErrorOf(lines),
            "t.csv: cifar100_test_accuracy: the best accuracy is 1; expected percent, not "
            "fractions of 1");
}

TEST(NasBench201Table, ErrorsNameFileLineAndWhatWasExpected) {
  EXPECT_EQ(ErrorOf(Lines()), "");
  std::vector<std::string> lines = Lines();
  const std::string gone = lines[77].substr(0, lines[77].find(','));
  lines.erase(lines.begin() + 77);
  EXPECT_EQ(ErrorOf(lines),
            absl::StrCat("t.csv: 15624 architectures, expected all 15625; ", gone, " has no row"));
  lines = Lines();
  lines[77] = lines[12];
  EXPECT_THAT(ErrorOf(lines),
              AllOf(HasSubstr("t.csv:78: |"), HasSubstr("has a row already, in line 13")));
  for (const char* wrong : {"9o.1", "", "nan", "inf", "-1", "100.01"}) {
    lines = Lines();
    lines[77] = absl::StrCat(gone, ",", wrong);
    EXPECT_EQ(ErrorOf(lines), absl::StrCat("t.csv:78: cifar10_test_accuracy: \"", wrong,
                                           "\" is not a number from 0 to 100"));
  }
  lines[77] = gone;
  EXPECT_EQ(ErrorOf(lines), "t.csv:78: 1 fields, expected 2");
  lines[77] = absl::StrCat(absl::StrReplaceAll(gone, {{"~1", "~2"}}), ",90");
  EXPECT_THAT(ErrorOf(lines), AllOf(HasSubstr("t.csv:78: column "), HasSubstr("expected '1'")));
  lines[77] = "|max_pool_3x3~0|,90";
  EXPECT_THAT(ErrorOf(lines), HasSubstr("t.csv:78: column 2: unknown operation 'max_pool_3x3'"));
  for (const char* header : {"", "architecture", "arch,cifar10_test_accuracy"}) {
    lines = Lines();
    lines[0] = header;
    EXPECT_THAT(ErrorOf(lines), HasSubstr("t.csv:1: the header is \"")) << header;
  }
  lines[0] = "architecture,cifar10";
  EXPECT_THAT(ErrorOf(lines), HasSubstr("expected \"<dataset>_test_accuracy\""));
  lines[0] = "architecture,a_test_accuracy,a_test_accuracy";
  EXPECT_THAT(ErrorOf(lines), HasSubstr("\"a_test_accuracy\" is there twice"));
}

}  // namespace
}  // namespace pdarts::nasbench201
