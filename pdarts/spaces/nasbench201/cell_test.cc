#include "pdarts/spaces/nasbench201/cell.h"

#include <cmath>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts::nasbench201 {
namespace {

using ::testing::HasSubstr;

TEST(Cell, EveryArchitectureReadsBack) {
  std::set<std::string> texts;
  for (int code = 0; code < kNumArchitectures; ++code) {
    const CellOperations cell = FromCode(code);
    EXPECT_EQ(ToCode(cell), code);
    const std::string text = FormatCell(cell);
    const auto again = ParseCell(text);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, cell) << text;
    const Architecture architecture = ToArchitecture(cell);
    EXPECT_TRUE(CheckCell(architecture).ok());
    EXPECT_EQ(FromArchitecture(architecture), cell);
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), 15625u);
}

TEST(Cell, TextIsThePublishedForm) {
  const char kText[] =
      "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|";
  EXPECT_EQ(FormatCell({kNone, kSkipConnect, kNorConv1x1, kNorConv3x3, kAvgPool3x3, kNone}), kText);
  EXPECT_TRUE(ParseCell(std::string(" ") + kText + "\n").ok());
}

TEST(Cell, ErrorsNameThePosition) {
  const auto error = [](const char* text) {
    return std::string(ParseCell(text).status().message());
  };
  EXPECT_EQ(error(""), "column 1: expected '|', found the end of the text");
  EXPECT_EQ(error("none"), "column 1: expected '|', found 'n'");
  EXPECT_EQ(error("  |none-0|"),
            "column 4: unknown operation 'none-0'; known: none, skip_connect, "
            "nor_conv_1x1, nor_conv_3x3, avg_pool_3x3");
  EXPECT_EQ(error("|none|"), "column 6: expected '~', found '|'");
  EXPECT_EQ(error("|none~1|"), "column 7: expected '0', found '1'");
  EXPECT_EQ(error("|none~00|"), "column 8: expected '|', found '0'");
  EXPECT_EQ(error("|none~0|none~0|"), "column 9: expected '+', found 'n'");
  EXPECT_EQ(error("|none~0|+none~0|"), "column 10: expected '|', found 'n'");
  EXPECT_THAT(error("|none~0|+|sep_conv_3x3~0|"), HasSubstr("column 11: unknown operation 'sep_c"));
  EXPECT_EQ(error("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|+"),
            "column 48: expected the end of the text, found '+'");
}

TEST(Cell, CheckRefusesOtherEdgesAndOutputs) {
  Architecture architecture = ToArchitecture(FromCode(0));
  architecture.mutable_cells(0)->set_concat(0, 2);
  EXPECT_THAT(CheckCell(architecture).ToString(), HasSubstr("nodes [2], expected [3]"));
  architecture = ToArchitecture(FromCode(0));
  architecture.mutable_cells(0)->mutable_edges()->SwapElements(1, 2);
  EXPECT_THAT(CheckCell(architecture).ToString(),
              HasSubstr("edge 1 goes from 1 to 2, expected from 0 to 2"));
  architecture.mutable_cells(0)->mutable_edges()->RemoveLast();
  EXPECT_THAT(CheckCell(architecture).ToString(), HasSubstr("5 edges, expected 6"));
}

/// The value of a cell for a vector if each operation is a fixed function that maps zero to zero.
/// Two architectures with the same function give the same value.
std::vector<double> ValueOf(const CellOperations& operations) {
  constexpr int kSize = 4;
  static const auto* const matrices = [] {
    auto* made = new std::vector<std::vector<double>>(kNumOperations);
    std::mt19937 random(1);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (auto& matrix : *made) {
      for (int i = 0; i < kSize * kSize; ++i) matrix.push_back(uniform(random));
    }
    return made;
  }();
  std::vector<std::vector<double>> nodes(kNodes, std::vector<double>(kSize, 0));
  nodes[0] = {0.3, -0.7, 0.9, 0.1};
  for (int e = 0; e < kNumEdges; ++e) {
    const Edge& edge = NasBench201Topology().kinds[0].edges[e];
    for (int i = 0; i < kSize; ++i) {
      double value = 0;
      if (operations[e] == kSkipConnect) value = nodes[edge.from][i];
      if (operations[e] > kSkipConnect) {
        for (int j = 0; j < kSize; ++j) {
          value += (*matrices)[operations[e]][i * kSize + j] * nodes[edge.from][j];
        }
        value = std::tanh(value);
      }
      nodes[edge.to][i] += value;
    }
  }
  return nodes.back();
}

TEST(Cell, CanonicalFormsAreEqualExactlyWhereFunctionsAre) {
  std::map<std::string, std::vector<double>> value_of;
  for (int code = 0; code < kNumArchitectures; ++code) {
    const CellOperations cell = FromCode(code);
    const auto [known, is_new] = value_of.emplace(CanonicalExpression(cell), ValueOf(cell));
    if (is_new) continue;
    const std::vector<double> value = ValueOf(cell);
    for (size_t i = 0; i < value.size(); ++i) {
      ASSERT_NEAR(value[i], known->second[i], 1e-12) << FormatCell(cell) << " " << known->first;
    }
  }
  EXPECT_EQ(value_of.size(), 4930u);
  std::set<std::vector<int64_t>> values;
  for (const auto& [form, value] : value_of) {
    std::vector<int64_t> rounded;
    for (double v : value) rounded.push_back(std::llround(v * 1e9));
    EXPECT_TRUE(values.insert(rounded).second) << form << " is the function of another form";
  }
}

TEST(Cell, CanonicalForms) {
  const auto form = [](const CellOperations& cell) { return CanonicalExpression(cell); };
  EXPECT_EQ(form({kNone, kNone, kNone, kNone, kNone, kNone}), "0");
  // Node 1 is zero, so the operations after it do not matter.
  EXPECT_EQ(form({kNone, kNone, kNorConv3x3, kSkipConnect, kNorConv1x1, kAvgPool3x3}), "x");
  EXPECT_EQ(form({kSkipConnect, kNone, kNone, kNorConv3x3, kNorConv3x3, kNone}),
            "nor_conv_3x3(x) + nor_conv_3x3(x)");
}

}  // namespace
}  // namespace pdarts::nasbench201
