#include "pdarts/report/grid_section.h"

#include <cstddef>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A grid with two seeds for each point. The accuracies of point i are 10 * i and 10 * i + 4.
ResultsGrid GridOfValues(const std::vector<std::string>& fields,
                         const std::vector<std::vector<std::string>>& points) {
  ResultsGrid grid;
  grid.set_name("swept<b>");
  grid.set_plotted("supernet_top1");
  for (const std::string& field : fields) grid.add_fields(field);
  for (size_t i = 0; i < points.size(); ++i) {
    ResultsGridPoint* point = grid.add_points();
    for (const std::string& value : points[i]) point->add_values(value);
    ResultsColumn* column = point->add_columns();
    column->set_name("supernet_top1");
    column->set_runs(2);
    column->set_mean(10 * static_cast<double>(i) + 2);
    column->set_deviation(2.8284);
    for (const int seed : {1, 2}) point->add_seeds(seed);
    for (const double more : {0, 4}) point->add_plotted(10 * static_cast<double>(i) + more);
  }
  return grid;
}

TEST(GridSectionTest, OneFieldIsATableAndAPlotOfItsValues) {
  EXPECT_EQ(GridSection({}).bytes(), "");
  const std::string html = GridSection({GridOfValues({"size"}, {{"8"}, {"16"}})}).bytes();
  EXPECT_THAT(
      html, AllOf(HasSubstr("<h2 id=\"grid\">"), HasSubstr("swept&lt;b&gt;"), Not(HasSubstr("<b>")),
                  HasSubstr("12.00 ± 2.83"), HasSubstr("<figure class=\"points\">"),
                  HasSubstr("supernet_top1 14.00\nsize=16"), Not(HasSubstr("heat"))));
}

TEST(GridSectionTest, TwoFieldsAreAMatrixOfShades) {
  const std::string html =
      GridSection({GridOfValues({"size", "one", "rate"},
                                {{"8", "x", "0.1"}, {"8", "x", "0.2"}, {"16", "x", "0.1"}})})
          .bytes();
  EXPECT_THAT(html, AllOf(HasSubstr("<table class=\"heat\">"), HasSubstr("--p:0.000\""),
                          HasSubstr("--p:0.500\""), HasSubstr("--p:1.000\""),
                          HasSubstr("<td class=\"gone\">"), Not(HasSubstr("class=\"points\""))));
}

TEST(GridSectionTest, ThreeFieldsAreATableOnly) {
  const std::string html =
      GridSection({GridOfValues({"a", "b", "c"}, {{"1", "1", "1"}, {"2", "2", "2"}})}).bytes();
  EXPECT_THAT(html, AllOf(HasSubstr("12.00 ± 2.83"), Not(HasSubstr("heat")),
                          Not(HasSubstr("class=\"points\""))));
}

}  // namespace
}  // namespace pdarts
