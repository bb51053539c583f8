#include "pdarts/spaces/darts/genotype.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/reading_notes.h"

namespace pdarts::darts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Flat() { return KnownGenotypes()[0].second; }

/// The first row of results/seed_table.csv.
constexpr char kPublished[] =
    "Genotype(normal=[[('none', 1), ('skip_connect', 0)], [('none', 2), ('none', 1)], [('none', "
    "3), "
    "('none', 2)], [('none', 4), ('none', 3)]], normal_concat=range(2, 6), "
    "reduce=[[('avg_pool_3x3', 1), ('sep_conv_5x5', 0)], [('dil_conv_3x3', 2), ('dil_conv_3x3', "
    "0)], [('avg_pool_3x3', 1), ('skip_connect', 2)], [('skip_connect', 3), ('avg_pool_3x3', 1)]], "
    "reduce_concat=range(2, 6))";

/// The error for the flat PDARTS genotype after one change.
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
  // The first edge begins at column 18.
  EXPECT_EQ(ErrorOf("'skip_connect', 0", "'skip', 0"),
            "line 1, column 19: unknown operation 'skip'; known: none, max_pool_3x3, avg_pool_3x3, "
            "skip_connect, sep_conv_3x3, sep_conv_5x5, dil_conv_3x3, dil_conv_5x5, noise");
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
            "line 1, column 34: expected ',' or ')', found '0'");
  EXPECT_EQ(ErrorOf("('skip_connect', 0)", "\n\n  ('skip_connect', 0]"),
            "line 3, column 21: expected ',' or ')', found ']'");
  EXPECT_THAT(ErrorOf("'skip_connect', 0", "'skip_connect'"),
              HasSubstr("column 18: expected a list of a node's edges, found '('"));
  EXPECT_THAT(ErrorOf("'skip_connect', 0", "'skip_connect',"),
              HasSubstr("expected the number of a node before this, found"));
}

TEST(Genotype, BracketsMustBalance) {
  EXPECT_THAT(ErrorOf("'skip_connect', 0)", "'skip_connect', 0"),
              HasSubstr("column 38: expected ')' or the edge's weight, found '('"));
  EXPECT_THAT(ErrorOf("4)], normal", "4), normal"), HasSubstr("column 186: expected ']'"));
  EXPECT_THAT(ErrorOf("4)], normal", "4)]], normal"), HasSubstr("expected ',' or ')', found ']'"));
  EXPECT_THAT(ErrorOf("reduce_concat=range(2, 6))", "reduce_concat=range(2, 6)"),
              HasSubstr("expected ',' or ')', found the end of the text"));
  EXPECT_THAT(ErrorOf("reduce_concat=range(2, 6))", "reduce_concat=range(2, 6)))"),
              HasSubstr("expected the end of the text, found ')'"));
}

TEST(Genotype, CellsAreComplete) {
  EXPECT_THAT(ErrorOf("('skip_connect', 0), ", ""), HasSubstr("node 3 already has an edge from 1"));
  EXPECT_THAT(ErrorOf(", ('dil_conv_5x5', 4)", ""),
              HasSubstr("expected 8 edges in the normal cell before this, found 7"));
  EXPECT_THAT(ErrorOf("('dil_conv_5x5', 4)", "('dil_conv_5x5', 4), ('none', 0)"),
              HasSubstr("expected ']': a cell has 8 edges"));
  EXPECT_THAT(ErrorOf(", reduce=[", ", reduce_concat=["), HasSubstr("expected range(2, 6) or"));
  EXPECT_THAT(ErrorOf("Genotype(normal=", "Genotype(reduce="), HasSubstr("reduce is given twice"));
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

/// A cell that is written in many forms below: its eight edges, flat.
const char* const kOperations[] = {"sep_conv_3x3", "dil_conv_5x5", "skip_connect", "sep_conv_3x3",
                                   "max_pool_3x3", "sep_conv_5x5", "sep_conv_3x3", "skip_connect"};
constexpr int kInputs[] = {0, 1, 0, 2, 1, 3, 0, 4};
/// The numbers of these operations in NASLib.
constexpr int kNumbers[] = {3, 6, 2, 3, 0, 4, 3, 2};

/// The text of the cell. In `edge`, `$op`, `$input` and `$number` are replaced for each edge. Each
/// pair of edges is between `open` and `close`.
std::string Cell(absl::string_view edge, absl::string_view open = "",
                 absl::string_view close = "") {
  std::string cell;
  for (int e = 0; e < 8; ++e) {
    absl::StrAppend(&cell, e > 0 ? ", " : "", e % 2 == 0 ? open : "",
                    absl::StrReplaceAll(edge, {{"$op", kOperations[e]},
                                               {"$input", absl::StrCat(kInputs[e])},
                                               {"$number", absl::StrCat(kNumbers[e])}}),
                    e % 2 == 1 ? close : "");
  }
  return cell;
}

/// `form` with each $cell replaced by the edges of the cell.
std::string With(absl::string_view form, const std::string& cell) {
  return absl::StrReplaceAll(form, {{"$cell", cell}});
}

const std::string& SameCellTwice() {
  static const auto* const text =
      new std::string(With("Genotype(normal=[$cell], normal_concat=range(2, 6), reduce=[$cell], "
                           "reduce_concat=range(2, 6))",
                           Cell("('$op', $input)")));
  return *text;
}

/// The result of reading the text, or the error. `notes` gets the notes.
std::string Read(absl::string_view text, std::vector<std::string>* notes = nullptr) {
  const ReadingNotes collected;
  const auto architecture = ParseGenotype(text);
  if (notes != nullptr) *notes = collected.notes();
  return architecture.ok() ? FormatGenotype(*architecture, GenotypeForm::kFlat)
                           : std::string(architecture.status().message());
}

TEST(Genotype, IsReadInAllItsForms) {
  const std::string& same = SameCellTwice();
  const std::string flat = Cell("('$op', $input)");
  std::string configuration = "{\"OptimizerSelector:optimizer\": \"SGD\"";
  for (const char* kind : {"normal", "reduce"}) {
    const std::string prefix = "NetworkSelectorDatasetInfo:darts:";
    constexpr int kEdges[] = {0, 1, 2, 4, 6, 8, 9, 13};
    for (int e = 0; e < 8; ++e) {
      absl::StrAppend(&configuration, ", \"", prefix, "edge_", kind, "_", kEdges[e], "\": \"",
                      kOperations[e], "\"");
    }
    for (const char* inputs : {"3\": \"0_2", "4\": \"1_3", "5\": \"0_4"}) {
      absl::StrAppend(&configuration, ", \"", prefix, "inputs_node_", kind, "_", inputs, "\"");
    }
  }
  configuration += "}";
  for (const std::string& form : {
           "MY_CELL = " + same,
           "\xef\xbb\xbf" + same + "\r\n",
           "06/21 10:11:12 PM genotype = " + same + "\n06/21 10:11:13 PM test_acc 97.1\n",
           "from collections import namedtuple\n\nGenotype = namedtuple('Genotype', 'normal "
           "normal_concat reduce reduce_concat')\n\nPRIMITIVES = ['none', 'noise']\n\n# OLD = "
           "Genotype(normal=[])\nMY_CELL = " +
               same + "\n\nDARTS = MY_CELL\n",
           "def genotype(self):\n  return Genotype(normal=gene, reduce=gene)\nA = " + same,
           absl::StrReplaceAll(same, {{"Genotype(", "genotypes.Genotype(  # the best one\n"}}),
           absl::StrReplaceAll(same, {{"range(2, 6)", "list(range(2, 6))"}}),
           absl::StrReplaceAll(same, {{"range(2, 6)", "(2, 3, 4, 5)"}}),
           absl::StrReplaceAll(same, {{"range(2, 6)", "array([2, 3, 4, 5])"}}),
           absl::StrReplaceAll(same, {{"range(2, 6)", "[np.int64(2), 3, 4, numpy.int32(5)]"}}),
           absl::StrReplaceAll(same, {{"[", "("}, {"]", ")"}}),
           absl::StrReplaceAll(
               same,
               {{"normal=", ""}, {"normal_concat=", ""}, {"reduce=", ""}, {"reduce_concat=", ""}}),
           With("Genotype(normal=[$cell], reduce=[$cell])", flat),
           With("Genotype([$cell], [$cell])", flat),
           With("Genotype(normal=[$cell], normal_concat=[2, 3, 4, 5], connectN=None, "
                "connects=None, reduce=[$cell], reduce_concat=None)",
                Cell("('$op', $input)", "(", ")")),
           With("Genotype(normal=[$cell], reduce=[$cell])", Cell("['$op', $input]", "[", "]")),
           With("Genotype(normal=[$cell], reduce=[$cell])", Cell("('$op', $input, 0.1234)")),
           With("Genotype(normal=[$cell], reduce=[$cell])",
                Cell("('$op', np.int64($input), np.float32(1e-3))")),
           With("Genotype(normal=[$cell], reduce=[$cell])", Cell("($input, '$op')")),
           With("Genotype(normal=[$cell], reduce=[$cell])",
                Cell("{\"op\": \"$op\", \"input\": $input}")),
           With("{'normal': [$cell], 'normal_concat': range(2, 6), 'reduce': [$cell]}", flat),
           With("{\"normal\": [$cell], \"reduce\": [$cell], \"reduce_concat\": null}",
                Cell("[\"$op\", $input]")),
           With("{\"epoch\": 5, \"genotype\": {\"normal\": [$cell], \"reduce\": [$cell]}}",
                Cell("[\"$op\", $input]")),
           "genotype: " + With("{'normal': [$cell], 'reduce': [$cell]}", flat),
           With("([$cell], range(2, 6), [$cell], range(2, 6))", flat),
           "{\"text\": \"" + same + "\"}",
           "\"" + same + "\"",
           "'" + absl::StrReplaceAll(same, {{"'", "\\'"}}) + "'",
           configuration,
           absl::StrReplaceAll(configuration, {{":darts:", "_COLON_darts_COLON_"}}),
       }) {
    std::vector<std::string> notes;
    EXPECT_EQ(Read(form, &notes), same) << form;
    EXPECT_THAT(notes, IsEmpty()) << form;
  }
}

TEST(Genotype, WhatHasSeveralReadingsIsReadWithANote) {
  std::vector<std::string> notes;
  EXPECT_EQ(Read(With("(($cell), ($cell))", Cell("($input, $number)")), &notes), SameCellTwice());
  EXPECT_THAT(notes, ElementsAre(HasSubstr("NASLib's order (0 max_pool_3x3, 1 avg_pool_3x3, 2 "
                                           "skip_connect, 3 sep_conv_3x3, 4 sep_conv_5x5, 5 "
                                           "dil_conv_3x3, 6 dil_conv_5x5)")));
  const std::string& same = SameCellTwice();
  EXPECT_EQ(
      Read(absl::StrReplaceAll(same, {{"reduce_concat=range(2, 6)", "reduce_concat=[5, 2, 3, 4]"}}),
           &notes),
      same);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("reduce_concat lists the nodes as [5, 2, 3, 4]")));
}

TEST(Genotype, OneOfSeveralHasToBeNamed) {
  const std::string nasnet =
      "NASNet = Genotype(normal=[('sep_conv_7x7', 1)], normal_concat=[2], reduce=[], "
      "reduce_concat=[2])\n";
  EXPECT_EQ(Read(absl::StrCat(nasnet, "A = ", SameCellTwice(), "\nB = ", Flat(), "\n")),
            "the text defines several architectures; name one of them, as in FILE:B: NASNet, A, B");
  EXPECT_THAT(Read(absl::StrCat("genotype = ", Flat(), "\ngenotype = ", SameCellTwice(), "\n")),
              HasSubstr("holds 2 architectures that differ; expected one; FILE:genotype"));
  EXPECT_EQ(Read(absl::StrCat("A = ", Flat(), "\nB = ", Flat(), "\n")), Flat());
}

TEST(Genotype, AnotherSpacesCellsAreRefusedWithTheReason) {
  EXPECT_THAT(Read(absl::StrReplaceAll(Flat(), {{"sep_conv_5x5", "sep_conv_7x7"}})),
              HasSubstr("unknown operation 'sep_conv_7x7'; known: none, max_pool_3x3"));
  const std::string five = Cell("('$op', $input)") + ", ('skip_connect', 0), ('none', 5)";
  EXPECT_THAT(Read(With("Genotype(normal=[$cell], reduce=[$cell])", five)),
              HasSubstr("expected ']': a cell has 8 edges"));
  EXPECT_THAT(Read(With("Genotype(normal=[$cell], normal_concat=[2, 3, 4, 5, 6], reduce=[])",
                        Cell("('$op', $input)"))),
              HasSubstr("a cell's output is all of its nodes"));
  EXPECT_THAT(Read("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"),
              HasSubstr("line 1, column 1: expected 'Genotype("));
}

TEST(Genotype, ErrorsInOtherFormsNameThePlaceToo) {
  EXPECT_THAT(Read("{'normal': []}"), HasSubstr("expected 8 edges in the normal cell before this"));
  EXPECT_THAT(Read("{'a': 1}"), HasSubstr("expected a dict with the entries normal and reduce"));
  EXPECT_THAT(Read(With("{'normal': [$cell]}", Cell("('$op', $input)"))),
              HasSubstr("expected reduce before this"));
  EXPECT_THAT(Read(With("([$cell])", Cell("('$op', $input)"))),
              HasSubstr("expected two cells, normal and reduce, found a list of 8 elements"));
  EXPECT_THAT(Read("[]"), HasSubstr("found a list of 0 elements"));
  EXPECT_THAT(Read("Genotype([{'op': 'none'}])"), HasSubstr("expected input before this"));
  EXPECT_THAT(Read("Genotype([{'op': 'none', 'to': 2}])"), HasSubstr("expected one of op, input"));
  EXPECT_THAT(Read("Genotype([(0, 7)])"), HasSubstr("its number from 0 to 6 in NASLib's order"));
  EXPECT_THAT(Read("Genotype([(0, 1, 2)])"), HasSubstr("expected ')', found '2'"));
  EXPECT_THAT(Read("{'edge_normal_0': 'none'}"),
              HasSubstr("expected edge_normal_1, the edge 1 -> 2"));
  EXPECT_THAT(
      Read("{'edge_normal_0': 'none', 'edge_normal_1': 'none', 'inputs_node_normal_3': '0_3'}"),
      HasSubstr("inputs_node_normal_3: \"0_3\" are not two numbers from 0 to 2"));
  std::string quoted = "x";
  for (int i = 0; i < 8; ++i) {
    quoted = "'" + absl::StrReplaceAll(quoted, {{"\\", "\\\\"}, {"'", "\\'"}}) + "'";
  }
  EXPECT_THAT(Read(quoted), HasSubstr("quoted within each other too often"));
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

std::string Canonical(const std::string& text) {
  return CanonicalGenotype(ParseGenotype(text).value());
}

TEST(Genotype, IsomorphicArchitecturesHaveOneCanonicalForm) {
  for (const auto& [name, text] : KnownGenotypes()) {
    // A canonical form is a genotype, and its canonical form is itself.
    EXPECT_EQ(Canonical(Canonical(text)), Canonical(text)) << name;
  }
  // The order of the edges of a node changes nothing.
  EXPECT_EQ(
      Canonical(absl::StrReplaceAll(Flat(), {{"('skip_connect', 0), ('dil_conv_3x3', 1), ",
                                              "('dil_conv_3x3', 1), ('skip_connect', 0), "}})),
      Canonical(Flat()));
  // Nodes 2 and 3 of the normal cell are exchanged. Node 4 has an edge from node 3, and node 5 does
  // not.
  const std::string reduce = Flat().substr(Flat().find("reduce=["));
  const auto normal = [&](const std::string& edges) {
    return Canonical(
        absl::StrCat("Genotype(normal=[", edges, "], normal_concat=range(2, 6), ", reduce));
  };
  const std::string form = normal(
      "('skip_connect', 0), ('dil_conv_3x3', 1), ('avg_pool_3x3', 0), ('sep_conv_3x3', 1), "
      "('sep_conv_3x3', 1), ('sep_conv_5x5', 3), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)");
  EXPECT_EQ(
      normal("('avg_pool_3x3', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('dil_conv_3x3', 1), "
             "('sep_conv_3x3', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)"),
      form);
  // If node 4 has its edge from the other node, the architecture is different.
  EXPECT_NE(
      normal("('skip_connect', 0), ('dil_conv_3x3', 1), ('avg_pool_3x3', 0), ('sep_conv_3x3', 1), "
             "('sep_conv_3x3', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)"),
      form);
  // The two inputs cannot be exchanged.
  EXPECT_NE(
      normal("('skip_connect', 1), ('dil_conv_3x3', 0), ('avg_pool_3x3', 0), ('sep_conv_3x3', 1), "
             "('sep_conv_3x3', 1), ('sep_conv_5x5', 3), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)"),
      form);
}

}  // namespace
}  // namespace pdarts::darts
