#include "pdarts/report/compare_page.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/report/point_plot.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

/// How often a text occurs in another.
int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

void Add(const std::string& group, double accuracy, double macs, Comparison* comparison) {
  ComparedArchitecture* architecture = comparison->add_architectures();
  architecture->set_group(group);
  architecture->set_architecture("|" + group + "~0|");
  architecture->set_accuracy(accuracy);
  architecture->set_params(1e6);
  architecture->set_macs(macs);
}

Comparison TwoGroups() {
  Comparison comparison;
  ComparedGroup* found = comparison.add_groups();
  found->set_name("a<b>");
  found->set_architectures(2);
  found->set_mean(95);
  found->set_std(1.4142);
  found->set_relative_improvement(5.5556);
  found->mutable_p_value()->set_number_value(1.0 / 3);
  ComparedGroup* random = comparison.add_groups();
  random->set_name("random");
  random->set_architectures(1);
  random->set_mean(90);
  random->set_std(0);
  random->set_relative_improvement(0);
  random->mutable_p_value()->set_null_value(google::protobuf::NULL_VALUE);
  Add("a<b>", 94, 400e6, &comparison);
  Add("a<b>", 96, 600e6, &comparison);
  Add("random", 90, 300e6, &comparison);
  return comparison;
}

CompareText Words() {
  CompareText text;
  text.title = "Two groups";
  text.accuracy = "Made up.";
  text.accuracy_axis = "made-up accuracy, %";
  text.test = "Exact.";
  text.notes = {"nothing is <real>"};
  return text;
}

TEST(ComparePage, ShowsGroupsAndArchitectures) {
  const std::string page = ComparePage(TwoGroups(), Words()).bytes();
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">a&lt;b&gt;</th><td>2</td><td>95.00</td>"
                              "<td>1.41</td><td>+5.56</td><td>1.000</td><td>500.0</td>"
                              "<td>0.3333</td>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">random</th><td>1</td><td>90.00</td>"
                              "<td>0.00</td><td>+0.00</td><td>1.000</td><td>300.0</td><td>–</td>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">a&lt;b&gt;</th><td>96.00</td><td>1.000</td>"
                              "<td>600.0</td><td>|a&lt;b&gt;~0|</td>"));
  EXPECT_THAT(page, AllOf(HasSubstr("Note: nothing is &lt;real&gt;"), HasSubstr("<p>Exact.</p>"),
                          Not(HasSubstr("a<b>")), Not(ContainsRegex("(src|href)=\"https?:"))));
}

TEST(ComparePage, DrawsEveryArchitectureInBothPlots) {
  const std::string page = ComparePage(TwoGroups(), Words()).bytes();
  EXPECT_EQ(Count(page, "<circle "), 6);
  EXPECT_EQ(Count(page, "<circle class=\"op-1\""), 4);  // the derived ones
  EXPECT_EQ(Count(page, "<circle class=\"\""), 2);      // the random one is gray
  EXPECT_EQ(Count(page, "<line class=\"mean\""), 2);    // of the strip plot
  EXPECT_THAT(page, HasSubstr("<title>random: 90.00%, 300.0 M multiply-adds\n|random~0|</title>"));
  EXPECT_THAT(page, HasSubstr("made-up accuracy, %</text>"));
}

TEST(ComparePage, OnlyTheRandomGroupIsGray) {
  Comparison comparison;
  for (const char* name : {"1", "2", "3", "4", "5", "6", "7", "8", "random"}) {
    comparison.add_groups()->set_name(name);
    Add(name, 90, 300e6, &comparison);
  }
  const std::string page = ComparePage(comparison, Words()).bytes();
  EXPECT_EQ(Count(page, "<circle class=\"op-0\""), 0);  // the color of the first operation is gray
  EXPECT_EQ(Count(page, "<circle class=\"\""), 2);      // the random one, in both plots
  EXPECT_EQ(Count(page, "<circle class=\"op-1\""), 4);  // groups 1 and 8
}

TEST(PointPlot, PutsGreaterValuesHigherAndMoreToTheRight) {
  const std::string plot =
      ScatterPlot({"t", "x", "y"}, {{"s", 2, {{0, 0, ""}, {10, 1, ""}}}}).bytes();
  // The margin is 6% of the spread on either side of a drawing of 560 by 296.
  EXPECT_THAT(plot, AllOf(HasSubstr("<circle class=\"op-2\" cx=\"94.0\" cy=\"292.1\""),
                          HasSubstr("<circle class=\"op-2\" cx=\"594.0\" cy=\"27.9\"")));
  EXPECT_THAT(plot, AllOf(HasSubstr(">0</text>"), Not(HasSubstr(">-0"))));
  // Ticks at 0, 2, ... 10 and at 0.0, 0.2, ... 1.0.
  for (const char* tick : {">4</text>", ">10</text>", ">0.4</text>", ">1.0</text>"}) {
    EXPECT_THAT(plot, HasSubstr(tick));
  }
}

TEST(PointPlot, OnePointFarBelowDoesNotExtendTheAxis) {
  PlotSeries series = {"s", 2, {}};
  for (const double y : {10, 90, 91, 92, 93, 94, 95}) series.points.push_back({y, y, ""});
  for (const Html& drawn :
       {ScatterPlot({"t", "x", "y"}, {series}), StripPlot({"t", "x", "y"}, {series})}) {
    const std::string plot = drawn.bytes();
    EXPECT_THAT(plot, HasSubstr("t (1 point is far below the axis and drawn at its end)"));
    EXPECT_THAT(plot, ContainsRegex("x=\"58.0\"[^>]*>91</text>"));
    EXPECT_THAT(plot, Not(ContainsRegex("x=\"58.0\"[^>]*>20</text>")));
    EXPECT_EQ(Count(plot, "cy=\"308.0\""), 1) << "at the end of the axis";
    EXPECT_EQ(Count(plot, "<circle"), 7);
  }
  series.points.front().y = 82;  // near enough
  EXPECT_THAT(ScatterPlot({"t", "x", "y"}, {series}).bytes(), Not(HasSubstr("far below")));
}

TEST(PointPlot, ShortensNamesThatWouldOverlap) {
  const std::string name(60, 'n');
  const std::string plot =
      StripPlot({"t", "x", "y"}, {{name, 0, {{0, 1, ""}}}, {"short", 1, {{0, 2, ""}}}}).bytes();
  EXPECT_THAT(plot,
              AllOf(HasSubstr(">short</text>"), HasSubstr("nnn…</text>"), Not(HasSubstr(name))));
}

TEST(PointPlot, ShowsASingleValueAndNone) {
  EXPECT_THAT(StripPlot({"t", "x", "y"}, {{"s", 0, {{0, 94.5, ""}}}}).bytes(),
              AllOf(HasSubstr("<circle"), Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
  EXPECT_THAT(ScatterPlot({"t", "x", "y"}, {}).bytes(),
              AllOf(Not(HasSubstr("<circle")), Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
}

}  // namespace
}  // namespace pdarts
