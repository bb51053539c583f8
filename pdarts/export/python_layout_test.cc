#include "pdarts/export/python_layout.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

// black 26.10 does not change the texts that are expected here.

PythonExpression Layer(const std::string& argument) {
  return PythonCall("nn.Layer", PythonTexts({argument, "stride=2"}));
}

TEST(LayOut, OneLineIfItFits) {
  EXPECT_EQ(LayOut(Layer("channels"), 8, 0, 0), "nn.Layer(channels, stride=2)");
  const std::string longest(88 - 8 - std::string("nn.Layer(, stride=2)").size(), 'x');
  EXPECT_EQ(LayOut(Layer(longest), 8, 0, 0), absl::StrCat("nn.Layer(", longest, ", stride=2)"));
  for (const auto& [before, after] : {std::pair<size_t, size_t>{1, 0}, {0, 1}}) {
    EXPECT_EQ(
        LayOut(Layer(longest), 8, before, after),
        absl::StrCat("nn.Layer(\n            ", longest, ",\n            stride=2,\n        )"));
  }
}

TEST(LayOut, AnItemALineWhereAsked) {
  PythonExpression list = PythonList({Layer("a"), Layer("b")});
  list.item_a_line = true;
  PythonExpression call = PythonCall("nn.ModuleList", {list});
  call.last_comma = false;
  EXPECT_EQ(LayOut(call, 4, 0, 0),
            "nn.ModuleList(\n"
            "        [\n"
            "            nn.Layer(a, stride=2),\n"
            "            nn.Layer(b, stride=2),\n"
            "        ]\n"
            "    )");
}

TEST(SumLines, ParenthesesWhereItIsTooLong) {
  EXPECT_EQ(SumLines("x = ", {"a", "b"}, 4), "    x = a + b\n");
  const std::string a(41, 'a');
  EXPECT_EQ(SumLines("node = ", {a, std::string(36, 'b')}, 4),
            absl::StrCat("    node = (\n        ", a, " + ", std::string(36, 'b'), "\n    )\n"));
  EXPECT_EQ(
      SumLines("node = ", {a, std::string(37, 'b')}, 4),
      absl::StrCat("    node = (\n        ", a, "\n        + ", std::string(37, 'b'), "\n    )\n"));
}

TEST(PythonText, TheQuotationMarksThatNeedFewerEscapes) {
  EXPECT_EQ(PythonText("cat"), "\"cat\"");
  EXPECT_EQ(PythonText("it's"), "\"it's\"");
  EXPECT_EQ(PythonText("a \"dog\""), "'a \"dog\"'");
  EXPECT_EQ(PythonText("\"'"), "\"\\\"'\"");
  EXPECT_EQ(PythonText("\"\"'\\"), "'\"\"\\'\\\\'");
}

TEST(TextConstant, LongTextsAreInPieces) {
  EXPECT_EQ(TextConstant("NAME", "run"), "NAME = \"run\"\n");
  const std::string x(80, 'x');
  EXPECT_EQ(TextConstant("GENOTYPE", x), absl::StrCat("GENOTYPE = (\n    \"", x, "\"\n)\n"));
  const std::string y(100, 'y');
  EXPECT_EQ(TextConstant("GENOTYPE", y), absl::StrCat("GENOTYPE = \"", y, "\"\n"));
  const std::string first(60, 'a');
  EXPECT_EQ(TextConstant("GENOTYPE", absl::StrCat(first, " ", first)),
            absl::StrCat("GENOTYPE = (\n    \"", first, " \"\n    \"", first, "\"\n)\n"));
}

}  // namespace
}  // namespace pdarts
