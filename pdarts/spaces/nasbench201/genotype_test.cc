#include "pdarts/spaces/nasbench201/genotype.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts::nasbench201 {
namespace {

using ::testing::HasSubstr;

constexpr char kText[] =
    "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|";
constexpr char kOther[] = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
constexpr char kLists[] =
    "[[('none', 0)], [('skip_connect', 0), ('nor_conv_1x1', 1)], "
    "(('nor_conv_3x3', 0), ('none', 2), ('avg_pool_3x3', 1))]";

/// The architecture that was read, in the text form of the space, or the error.
std::string Read(const std::string& text) {
  const auto cell = ParseGenotype(text);
  return cell.ok() ? FormatCell(*cell) : std::string(cell.status().message());
}

TEST(Genotype, IsReadInAllItsForms) {
  const std::string text = kText;
  for (const std::string& form : {
           text,
           "\xef\xbb\xbf" + text + "\r\n",
           "Structure(4 nodes with " + text + ")",
           "genotype: " + text,
           "06/21 10:11:12 PM genotype = Structure(4 nodes with " + text + ") 94.3%\n",
           "BEST = '" + text + "'  # found with seed 1\nAGAIN = BEST\n",
           "epoch 1: " + text + "\nepoch 2: " + text + "\n",
           "'" + text + "'",
           "\"" + text + "\"",
           "{\"arch_str\": \"" + text + "\", \"accuracy\": 94.3}",
           std::string(kLists),
           "cell = " + std::string(kLists),
           "{'genotype': " + std::string(kLists) + "}",
       }) {
    EXPECT_EQ(Read(form), text) << form;
  }
}

TEST(Genotype, SeveralThatDifferAreRefused) {
  EXPECT_THAT(Read("A = '" + std::string(kText) + "'\nB = '" + kOther + "'\n"),
              HasSubstr("several architectures that differ"));
}

TEST(Genotype, WhatIsAmbiguousIsRefusedWithTheReason) {
  EXPECT_THAT(Read("(4, 0, 3, 1, 4, 3)"), HasSubstr("these numbers are ambiguous"));
  EXPECT_THAT(Read("arch = [[3], [0, 1], [2, 2, 1]]"), HasSubstr("these numbers are ambiguous"));
  EXPECT_THAT(Read("['none', 'none', 'none', 'none', 'none', 'none']"),
              HasSubstr("this list of operations is ambiguous"));
}

TEST(Genotype, ErrorsNameThePlaceAndWhatWasExpected) {
  EXPECT_EQ(Read(""), "column 1: expected '|', found the end of the text");
  EXPECT_EQ(Read("none"), "column 1: expected '|', found 'n'");
  EXPECT_EQ(Read("nor_conv_3x3~0|"), "column 1: expected '|', found 'n'");
  EXPECT_EQ(Read("\ngenotype: |none~0|x"), "line 2, column 19: expected '+', found 'x'");
  EXPECT_THAT(Read("[[('none', 0)], [('none', 0)], []]"),
              HasSubstr("column 17: expected a list of 2 edges into node 2"));
  EXPECT_THAT(Read("[[('none', 0)], [('none', 0), ('none', 0)], []]"),
              HasSubstr("node 2 already has an edge from 0"));
  EXPECT_THAT(Read("[[('none', 1)], [], []]"), HasSubstr("node 1 takes an input from 0 to 0"));
  EXPECT_THAT(Read("[[('conv', 0)], [], []]"), HasSubstr("unknown operation 'conv'; known: none"));
  EXPECT_THAT(Read("[[0, 'none'], [], []]"), HasSubstr("expected a list of 1 edge into node 1"));
  EXPECT_THAT(Read("[[('none', 0)]]"), HasSubstr("expected the edges of 3 nodes"));
  EXPECT_THAT(Read("{'a': 1}"), HasSubstr("expected a dict with one of the entries genotype"));
}

TEST(Genotype, AnotherSpacesCellsAreRefused) {
  // A cell with five nodes.
  EXPECT_THAT(Read(std::string(kText) + "+|none~0|none~1|none~2|none~3|"),
              HasSubstr("expected the end of the text, found '+'"));
  EXPECT_THAT(Read("|none~0|+|sep_conv_3x3~0|none~1|"),
              HasSubstr("column 11: unknown operation 'sep_conv_3x3'"));
}

}  // namespace
}  // namespace pdarts::nasbench201
