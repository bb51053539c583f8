#include "pdarts/report/html.h"

#include <limits>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/report/report.pb.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAttack[] = "x\"><img src=x onerror='alert(1)'>&amp;";
constexpr char kEscaped[] = "x&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;amp;";

TEST(Html, HoldsLiteralsAsTheyAreAndEscapesTexts) {
  EXPECT_EQ(HtmlCat("<p>"_html, kAttack, "</p>"_html).bytes(),
            std::string("<p>") + kEscaped + "</p>");
  EXPECT_EQ(HtmlCat("<b>", std::string("<i>"), absl::string_view("<u>"), 3).bytes(),
            "&lt;b&gt;&lt;i&gt;&lt;u&gt;3");
}

/// Whatever a page is made of, text that is given to it is text.
TEST(Html, EveryElementEscapesTheTextsThatItIsGiven) {
  const Html elements = HtmlCat(HtmlTable({kAttack}, {{kAttack, kAttack, Measured(kAttack)}}),
                                HtmlTableHead({kAttack}), HtmlScrolling(kAttack, Html()),
                                HtmlSection(kAttack, kAttack, Html()), HtmlTile(kAttack, kAttack),
                                HtmlTile(kAttack, Measured(kAttack)));
  EXPECT_THAT(elements.bytes(), HasSubstr(kEscaped));
  EXPECT_THAT(elements.bytes(), Not(HasSubstr("<img")));
}

TEST(Html, JsonCanNotEndItsScript) {
  ReportData data;
  data.add_labels("</script><!--\"");
  EXPECT_EQ(JsonForScript(data).bytes(), R"({"labels":["\u003c/script\u003e\u003c!--\""]})");
}

std::string Svg(const std::string& svg) {
  const absl::StatusOr<Html> html = HtmlOfSvg(svg);
  return html.ok() ? html->bytes() : std::string(html.status().message());
}

TEST(HtmlOfSvg, TakesShapesWithoutTitlesAndComments) {
  EXPECT_EQ(Svg("<?xml version=\"1.0\"?>\n<!-- a > b -->\n"
                "<svg width=\"1pt\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">\n"
                "<g id=\"a\">\n<title>n0</title>\n<!-- <script> -->\n"
                "<text x=\"1\">a &lt; b</text>\n<path d=\"M1,2\"/>\n</g>\n</svg>\n"),
            "<svg width=\"1pt\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">\n"
            "<g id=\"a\">\n<text x=\"1\">a &lt; b</text>\n<path d=\"M1,2\"/>\n</g>\n</svg>\n");
}

TEST(HtmlOfSvg, RefusesWhatCouldDoMoreThanDraw) {
  EXPECT_THAT(Svg("<svg><script>alert(1)</script></svg>"), HasSubstr("the element <script>"));
  EXPECT_THAT(Svg("<svg><!--><script>--></svg>"), HasSubstr("the element <script>"));
  EXPECT_THAT(Svg("<svg><image width=\"1\"/></svg>"), HasSubstr("the element <image>"));
  EXPECT_THAT(Svg("<svg><a xlink:href=\"x\"/></svg>"), HasSubstr("the element <a>"));
  EXPECT_THAT(Svg("<svg onload=\"alert(1)\"></svg>"), HasSubstr("the attribute onload"));
  EXPECT_THAT(Svg("<svg><g\nONCLICK=\"alert(1)\"/></svg>"), HasSubstr("the attribute ONCLICK"));
  EXPECT_THAT(Svg("<svg><path xlink:href=\"x\"/></svg>"), HasSubstr("the attribute xlink:href"));
  EXPECT_THAT(Svg("<svg><g style=\"x\"/></svg>"), HasSubstr("the attribute style"));
}

TEST(HtmlOfSvg, RefusesWhatIsNotWellFormed) {
  for (const char* svg :
       {"", "<g/>", "<svg", "<svg id=\"a", "<svg id=a>", "<svg id='a'>", "<svg id=\"<\">",
        "<svg/onload=\"a\">", "<svg>< g></svg>", "<svg></svg x>", "<svg><!-- </svg>", "<svg><"}) {
    EXPECT_EQ(HtmlOfSvg(svg).status().code(), absl::StatusCode::kInternal) << svg;
  }
}

TEST(DurationText, IsADashForWhatIsNoLengthOfTime) {
  EXPECT_EQ(DurationText(3723), "1 h 02 min");
  EXPECT_EQ(DurationText(12.34), "12.3 s");
  for (const double seconds : {-1.0, 1e300, std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(DurationText(seconds), "–");
  }
}

}  // namespace
}  // namespace pdarts
