#include "pdarts/report/html.h"

#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/report/report.pb.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAttack[] = "x\"><img src=x onerror='alert(1)'>&amp;";
constexpr char kEscaped[] = "x&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;amp;";

TEST(Html, EscapesTextsAndTakesHtmlAsItIs) {
  EXPECT_EQ(Element(Tag::kP, kAttack).bytes(), std::string("<p>") + kEscaped + "</p>");
  EXPECT_EQ(HtmlCat("<b>", std::string("<i>"), absl::string_view("<u>"), 3).bytes(),
            "&lt;b&gt;&lt;i&gt;&lt;u&gt;3");
  EXPECT_EQ(Block(Tag::kLi, Element(Tag::kSpan, "a"), "<", 1.5).bytes(),
            "<li><span>a</span>&lt;1.5</li>\n");
}

TEST(Html, EscapesTheValuesOfAttributes) {
  EXPECT_EQ(Element(Tag::kTd, {{Attr::kClass, "a"}, {Attr::kTitle, kAttack}}, "b").bytes(),
            absl::StrCat("<td class=\"a\" title=\"", kEscaped, "\">b</td>"));
  EXPECT_EQ(Element(Tag::kA, {LinkTo(kAttack)}, "b").bytes(),
            absl::StrCat("<a href=\"#", kEscaped, "\">b</a>"));
  EXPECT_EQ(Element(Tag::kImg, {JpegSource("\xff\"<"), {Attr::kAlt, "a"}}).bytes(),
            "<img src=\"data:image/jpeg;base64,/yI8\" alt=\"a\">");
  EXPECT_EQ(Element(Tag::kTd, {Shade(0.12345)}).bytes(), "<td style=\"--p:0.123\"></td>");
}

TEST(Html, ElementsAreClosedAsTheirLanguageWantsIt) {
  EXPECT_EQ(Element(Tag::kInput, {{Attr::kTabindex, 0}, {Attr::kChecked}}).bytes(),
            "<input tabindex=\"0\" checked>");
  EXPECT_EQ(Element(Tag::kLine, {{Attr::kX1, 0}, {Attr::kY2, 2}}).bytes(),
            "<line x1=\"0\" y2=\"2\"/>");
  EXPECT_EQ(Element(Tag::kSvg, {{Attr::kViewBox, "0 0 1 1"}}).bytes(),
            "<svg viewBox=\"0 0 1 1\"></svg>");
  EXPECT_EQ(Element(Tag::kUl, Element(Tag::kLi)).bytes(), "<ul><li></li></ul>");
  EXPECT_DEATH(Element(Tag::kImg, "text"), "<img> has a content");
}

/// In every element of a page, a given text stays a text.
TEST(Html, EveryElementEscapesTheTextsThatItIsGiven) {
  const Html elements =
      HtmlCat(HtmlTable({kAttack}, {{kAttack, kAttack, Measured(kAttack)}}),
              HtmlTableHead({kAttack}), HtmlHeatMap(kAttack, {kAttack}, HtmlRowHead(kAttack)),
              HtmlScrolling(kAttack, Html()), HtmlSection(kAttack, kAttack, Html()),
              HtmlTile(kAttack, kAttack), HtmlTile(kAttack, Measured(kAttack)), HtmlNote(kAttack));
  EXPECT_THAT(elements.bytes(), HasSubstr(kEscaped));
  EXPECT_THAT(elements.bytes(), Not(HasSubstr("<img")));
}

TEST(HtmlDocument, EscapesItsTitleAndFetchesNothing) {
  const std::string page = HtmlDocument(kAttack, "p{}"_program, Element(Tag::kP, "a")).bytes();
  EXPECT_THAT(page, ::testing::StartsWith("<!DOCTYPE html>\n<html lang=\"en\">\n<head>"));
  EXPECT_THAT(page, HasSubstr(std::string("<title>") + kEscaped + "</title>"));
  EXPECT_THAT(page, HasSubstr("<style>\np{}\n</style>"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, ::testing::EndsWith("<body>\n<p>a</p></body>\n</html>\n"));
}

TEST(ProgramText, TakesLiteralsAndWordsOnly) {
  EXPECT_EQ(ProgramTextCat(".op-", 3, "{--c:"_program, "#00abcd", "}"_program).bytes(),
            ".op-3{--c:#00abcd}");
  EXPECT_EQ(Script("f()"_program).bytes(), "<script>\nf()</script>\n");
  EXPECT_DEATH(ProgramTextCat("red}"), "no word of a style sheet");
  EXPECT_DEATH(ProgramTextCat(std::string("</style>")), "no word of a style sheet");
}

TEST(Html, JsonCanNotEndItsScript) {
  ReportData data;
  data.add_labels("</script><!--\"");
  EXPECT_EQ(JsonScript("a\"b", data).bytes(),
            R"(<script id="a&quot;b" type="application/json">)"
            R"({"labels":["\u003c/script\u003e\u003c!--\""]}</script>)"
            "\n");
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

TEST(HtmlOfSvg, AddsAStyleSheet) {
  const absl::StatusOr<Html> styled = HtmlOfSvg("<svg id=\"a\">\n<g></g></svg>", "g{}"_program);
  ASSERT_TRUE(styled.ok()) << styled.status();
  EXPECT_EQ(SvgFile(*styled),
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
            "<svg id=\"a\">\n<style>g{}</style>\n<g></g></svg>");
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
