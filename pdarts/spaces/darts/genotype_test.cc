#include "pdarts/spaces/darts/genotype.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts::darts {
namespace {

using ::testing::HasSubstr;

std::string Flat() { return KnownGenotypes()[0].second; }

/// The first row of results/seed_table.csv.
constexpr char kPublished[] =
    "Genotype(normal=[[('none', 1), ('skip_connect', 0)], [('none', 2), ('none', 1)], [('none', "
    "3), "
    "('none', 2)], [('none', 4), ('none', 3)]], normal_concat=range(2, 6), "
    "reduce=[[('avg_pool_3x3', 1), ('sep_conv_5x5', 0)], [('dil_conv_3x3', 2), ('dil_conv_3x3', "
    "0)], [('avg_pool_3x3', 1), ('skip_connect', 2)], [('skip_connect', 3), ('avg_pool_3x3', 1)]], "
    "reduce_concat=range(2, 6))";

/// What the reader says about the flat PDARTS genotype with one change made to it.
std::string ErrorOf(absl::string_view from, absl::string_view to) {
  std::string text = Flat();
  const size_t at = text.find(std::string(from));
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), std::string(to));
  const auto architecture = ParseGenotype(text);
  EXPECT_FALSE(architecture.ok()) << text;
  EXPECT_EQ(architecture.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(architecture.status().message());
}

TEST(Genotype, ReadsAndWritesBothFormsInTheirOrder) {
  for (const auto& [name, text] : KnownGenotypes()) {
    const auto architecture = ParseGenotype(text);
    ASSERT_TRUE(architecture.ok()) << name << ": " << architecture.status();
    EXPECT_TRUE(CheckGenotype(*architecture).ok());
    EXPECT_EQ(FormatGenotype(*architecture, GenotypeForm::kFlat), text);
    const std::string nested = FormatGenotype(*architecture, GenotypeForm::kNested);
    EXPECT_THAT(nested, HasSubstr("normal=[[('"));
    EXPECT_EQ(FormatGenotype(ParseGenotype(nested).value(), GenotypeForm::kFlat), text);
  }
  const auto published = ParseGenotype(kPublished);
  ASSERT_TRUE(published.ok()) << published.status();
  EXPECT_EQ(FormatGenotype(*published, GenotypeForm::kNested), kPublished);
  EXPECT_EQ(published->cells(0).edges(0).from(), 1);
  EXPECT_EQ(published->cells(0).edges(0).operation(), "none");
  EXPECT_EQ(published->cells(1).edges(7).to(), 5);
}

TEST(Genotype, ReadsOtherSpellings) {
  const std::string text = absl::StrReplaceAll(
      Flat(), {{"range(2, 6)", "[2,3, 4,\n5,]"}, {"'", "\""}, {"), (", " ) ,\n ("}});
  const auto architecture = ParseGenotype(absl::StrCat(" \n", text, "\n"));
  ASSERT_TRUE(architecture.ok()) << architecture.status();
  EXPECT_EQ(FormatGenotype(*architecture, GenotypeForm::kFlat), Flat());
}

TEST(Genotype, ErrorsNameThePositionAndWhatWasExpected) {
  // Column 18 is the first edge's.
  EXPECT_EQ(ErrorOf("'skip_connect', 0", "'skip', 0"),
            "line 1, column 19: unknown operation 'skip'; known: none, max_pool_3x3, avg_pool_3x3, "
            "skip_connect, sep_conv_3x3, sep_conv_5x5, dil_conv_3x3, dil_conv_5x5");
  EXPECT_EQ(ErrorOf("'skip_connect', 0", "'skip_connect', 2"),
            "line 1, column 35: node 2 takes an input from 0 to 1, found 2");
  EXPECT_EQ(ErrorOf("'skip_connect', 0", "'skip_connect', -1"),
            "line 1, column 35: node 2 takes an input from 0 to 1, found -1");
  EXPECT_THAT(ErrorOf("'skip_connect', 0", "'skip_connect', 99999999999999999999"),
              HasSubstr("column 35: node 2 takes an input from 0 to 1, found 999"));
  EXPECT_EQ(ErrorOf("'skip_connect', 0", "'skip_connect', 1"),
            "line 1, column 56: node 2 already has an edge from 1");
  EXPECT_EQ(ErrorOf("'skip_connect', 0", "'skip_connect', x"),
            "line 1, column 35: expected the number of a node, found 'x'");
  EXPECT_EQ(ErrorOf("'skip_connect', 0", "skip_connect, 0"),
            "line 1, column 19: expected an operation in quotes, found 'skip_connect'");
  EXPECT_EQ(ErrorOf("'skip_connect', 0", "'skip_connect\n', 0"),
            "line 1, column 19: the quote is not closed");
  EXPECT_EQ(ErrorOf("'skip_connect', 0", "'skip_connect' 0"),
            "line 1, column 34: expected ',', found '0'");
  EXPECT_EQ(ErrorOf("('skip_connect', 0)", "\n\n  ('skip_connect', 0]"),
            "line 3, column 21: expected ')', found ']'");
}

TEST(Genotype, BracketsMustBalance) {
  EXPECT_THAT(ErrorOf("'skip_connect', 0)", "'skip_connect', 0"),
              HasSubstr("column 36: expected ')', found ','"));
  EXPECT_THAT(ErrorOf("4)], normal", "4), normal"), HasSubstr("column 186: expected ']'"));
  EXPECT_THAT(ErrorOf("4)], normal", "4)]], normal"), HasSubstr("expected ',' or ')', found ']'"));
  EXPECT_THAT(ErrorOf("reduce_concat=range(2, 6))", "reduce_concat=range(2, 6)"),
              HasSubstr("expected ',' or ')', found the end of the text"));
  EXPECT_THAT(ErrorOf("reduce_concat=range(2, 6))", "reduce_concat=range(2, 6)))"),
              HasSubstr("expected the end of the text, found ')'"));
  EXPECT_THAT(ErrorOf("reduce_concat=range(2, 6))", "reduce_concat=range(2, 6)) # best"),
              HasSubstr("expected the end of the text, found '#'"));
}

TEST(Genotype, CellsAreComplete) {
  EXPECT_THAT(ErrorOf("('skip_connect', 0), ", ""), HasSubstr("node 3 already has an edge from 1"));
  EXPECT_THAT(ErrorOf(", ('dil_conv_5x5', 4)", ""),
              HasSubstr("expected 8 edges in the normal cell before this, found 7"));
  EXPECT_THAT(ErrorOf("('dil_conv_5x5', 4)", "('dil_conv_5x5', 4), ('none', 0)"),
              HasSubstr("expected ']': a cell has 8 edges"));
  EXPECT_THAT(ErrorOf("normal_concat=range(2, 6), ", ""), HasSubstr("expected normal_concat"));
  EXPECT_THAT(ErrorOf("reduce=", "normal="), HasSubstr("normal is given twice"));
  EXPECT_THAT(ErrorOf("reduce=", "reduction="), HasSubstr("expected one of normal, normal_concat"));
  EXPECT_THAT(ErrorOf("range(2, 6)", "range(2, 7)"), HasSubstr("expected range(2, 6)"));
  EXPECT_THAT(ErrorOf("range(2, 6)", "[2, 3, 4]"), HasSubstr("expected range(2, 6)"));
  EXPECT_THAT(ErrorOf("range(2, 6)", "6"), HasSubstr("expected range(2, 6)"));
  EXPECT_THAT(ErrorOf("Genotype", "PDARTS"), HasSubstr("line 1, column 1: expected 'Genotype("));
  EXPECT_THAT(std::string(ParseGenotype("").status().message()), HasSubstr("line 1, column 1"));
}

TEST(Genotype, NestedNodesAreComplete) {
  const auto error_of = [](absl::string_view from, absl::string_view to) {
    const auto result = ParseGenotype(absl::StrReplaceAll(kPublished, {{from, to}}));
    EXPECT_FALSE(result.ok()) << to;
    return std::string(result.status().message());
  };
  EXPECT_THAT(error_of("('none', 1), ('skip_connect', 0)", "('none', 1)"),
              HasSubstr("line 1, column 31: expected 2 edges for node 2 before this, found 1"));
  EXPECT_THAT(error_of("('skip_connect', 0)]", "('skip_connect', 0), ('none', 0)]"),
              HasSubstr("expected ']': node 2 has 2 edges"));
  EXPECT_THAT(error_of(", [('none', 4), ('none', 3)]", ""),
              HasSubstr("expected 8 edges in the normal cell before this, found 6"));
  EXPECT_THAT(error_of("[('none', 4), ('none', 3)]", "[('none', 4), ('none', 3)], []"),
              HasSubstr("expected ']': a cell has 4 nodes with edges"));
}

TEST(Genotype, CheckNamesTheNode) {
  const Architecture good = ParseGenotype(Flat()).value();
  const auto message = [](const Architecture& architecture) {
    return std::string(CheckGenotype(architecture).message());
  };
  EXPECT_EQ(message(good), "");
  Architecture bad = good;
  bad.mutable_cells(1)->mutable_edges()->RemoveLast();
  EXPECT_EQ(message(bad), "reduce cell: 7 edges, expected 8");
  bad = good;
  bad.mutable_cells(0)->mutable_edges(1)->set_from(0);
  EXPECT_EQ(message(bad), "normal cell: node 2 has two edges from 0");
  bad = good;
  bad.mutable_cells(0)->mutable_edges(2)->set_to(4);
  EXPECT_THAT(message(bad), HasSubstr("normal cell: edge 2 of the genotype goes to node 4"));
  bad = good;
  bad.mutable_cells(0)->mutable_concat()->RemoveLast();
  EXPECT_THAT(message(bad), HasSubstr("nodes [2, 3, 4], expected [2, 3, 4, 5]"));
}

}  // namespace
}  // namespace pdarts::darts
