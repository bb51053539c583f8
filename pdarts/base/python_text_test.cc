#include "pdarts/base/python_text.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = PythonValue::Kind;

/// The value in one form: lists in brackets, calls and dicts with their keys.
std::string Shown(const PythonValue& value) {
  std::string items;
  for (size_t i = 0; i < value.items.size(); ++i) {
    absl::StrAppend(&items, i > 0 ? "," : "");
    if (!value.keys.empty() && !value.keys[i].empty()) absl::StrAppend(&items, value.keys[i], "=");
    absl::StrAppend(&items, Shown(value.items[i]));
  }
  switch (value.kind) {
    case Kind::kNumber:
    case Kind::kName:
      return value.text;
    case Kind::kText:
      return absl::StrCat("\"", value.text, "\"");
    case Kind::kSequence:
      return absl::StrCat("[", items, "]");
    case Kind::kDict:
      return absl::StrCat("{", items, "}");
    case Kind::kCall:
      return absl::StrCat(value.text, "(", items, ")");
  }
  return "";
}

std::string Read(absl::string_view text) {
  const PythonReading reading = ReadPythonValue(text, 0);
  if (!reading.error) return Shown(reading.value);
  return absl::StrCat(reading.error->place, ": ", reading.error->message);
}

TEST(PythonText, ReadsValuesOfPythonAndJson) {
  EXPECT_EQ(Read(" [1, -2.5e-3, (3,), {4, 5}] "), "[1,-2.5e-3,[3],[4,5]]");
  EXPECT_EQ(Read("{'a': \"b\", \"c\": null,}"), "{a=\"b\",c=null}");
  EXPECT_EQ(Read("np.int64(3)"), "np.int64(3)");
  EXPECT_EQ(Read("((1), (2,), ([3]), ())"), "[1,[2],[3],[]]");
  EXPECT_EQ(Read("f(1, x = list(range(2, 6)), y=None)"), "f(1,x=list(range(2,6)),y=None)");
  EXPECT_EQ(Read("[  # first\n 1, # second\n 2]"), "[1,2]");
  EXPECT_EQ(Read("[1, \\\n 2]"), "[1,2]");
  EXPECT_EQ(Read(R"("a\"b\\c")"), R"("a"b\c")");
  EXPECT_EQ(Read("u'a' 'rest'"), "\"a\"");
  EXPECT_EQ(Read("'''a\nb'''"), "\"a\nb\"");
}

TEST(PythonText, NamesTheFirstThingThatIsNoValue) {
  EXPECT_EQ(Read(""), "0: expected a value, found the end of the text");
  EXPECT_EQ(Read("[1 2]"), "3: expected ',' or ']', found '2'");
  EXPECT_EQ(Read("(1, [2)"), "6: expected ',' or ']', found ')'");
  EXPECT_EQ(Read("f(a=1"), "5: expected ',' or ')', found the end of the text");
  EXPECT_EQ(Read("['a]"), "1: the quote is not closed");
  EXPECT_EQ(Read("['a\n']"), "1: the quote is not closed");
  EXPECT_EQ(Read("{'a': 1, 2}"), "10: expected ':', found '}'");
  EXPECT_EQ(Read("-"), "0: expected a value, found '-'");
}

TEST(PythonText, WhatStandsBeforeAnErrorIsInTheValue) {
  const PythonReading reading = ReadPythonValue("f(x=[(1, 2), (3", 0);
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(Shown(reading.value), "f(x=[[1,2],[3]])");
  EXPECT_EQ(reading.value.end, reading.error->place);
}

TEST(PythonText, DepthAndSizeAreBounded) {
  EXPECT_THAT(Read(std::string(100000, '[')), HasSubstr("32: brackets are nested more than 32"));
  EXPECT_THAT(Read(std::string(100000, '{')), HasSubstr("32: brackets are nested more than 32"));
  std::string many = "[";
  for (int i = 0; i < 30000; ++i) many += "1,";
  EXPECT_THAT(Read(many + "]"), HasSubstr("there are more than 20000 values"));
}

TEST(PythonText, FindsCallsWithTheirNames) {
  const std::string text =
      "Cell = namedtuple('Cell', 'a b')\n"
      "# OLD = Cell(0)\n"
      "ONE = Cell(a=1)\n"
      "06/21 10:11:12 PM cell = Cell(2)\n"
      "class Cell(object):\n"
      "  def Cell(self): return other.Cell(3)\n"
      "SuperCell(4) Cell_5(5)\n";
  std::vector<std::string> found;
  for (const PythonDefinition& call : FindCalls(text, "Cell")) {
    found.push_back(absl::StrCat(call.name, ": ", Shown(ReadPythonValue(text, call.begin).value)));
  }
  EXPECT_THAT(found, ElementsAre("ONE: Cell(a=1)", "cell: Cell(2)", ": other.Cell(3)"));
}

TEST(PythonText, FindsAssignmentsOfBracketsAndTexts) {
  const std::string text =
      "a = [1]\n b: 'x'\n c = 3\n10:11:12 d = {'k': (2)}\nf(e=[4], g=[5])\n x == [6]\n# h = [7]\n";
  std::vector<std::string> names;
  for (const PythonDefinition& found : FindAssignments(text)) names.push_back(found.name);
  EXPECT_THAT(names, ElementsAre("a", "b", "d"));
}

TEST(PythonText, KeepsOneDefinitionInItsPlace) {
  const std::string text = "A = f(1)\nB = f(\n  2)\nC = B\nA = f(3)\nD: |x|y\n";
  EXPECT_EQ(KeepDefinition(text, "A").value(),
            "        \n      \n    \n     \nA = f(3)\n       \n");
  EXPECT_EQ(KeepDefinition(text, "C").value(),
            "        \nB = f(\n  2)\n     \n        \n       \n");
  EXPECT_EQ(KeepDefinition(text, "D").value(),
            "        \n      \n    \n     \n        \nD: |x|y\n");
  EXPECT_THAT(KeepDefinition(text, "E").status().ToString(),
              HasSubstr("nothing is called \"E\" in it"));
  EXPECT_FALSE(KeepDefinition("A = B\nB = A\n", "A").ok());
}

TEST(PythonText, ErrorsAreByLineAndColumn) {
  EXPECT_EQ(std::string(ErrorAt("ab\ncd", 4, "wrong").message()), "line 2, column 2: wrong");
  EXPECT_EQ(std::string(ErrorAt("ab\n", 99, "wrong").message()), "line 2, column 1: wrong");
  EXPECT_EQ(FoundAt("ab cd", 3), "'cd'");
  EXPECT_EQ(FoundAt("(", 0), "'('");
}

}  // namespace
}  // namespace pdarts
