#include "tests/fuzz/check_page.h"

#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "glog/logging.h"

namespace pdarts {
namespace {

const std::set<absl::string_view>& Elements() {
  static const auto* const names = new std::set<absl::string_view>{
      "a",        "article", "body",     "canvas",  "caption",    "dd",    "details", "div",
      "dl",       "dt",      "fieldset", "figure",  "figcaption", "h1",    "h2",      "h3",
      "head",     "header",  "html",     "img",     "input",      "label", "legend",  "li",
      "link",     "main",    "meta",     "nav",     "ol",         "p",     "pre",     "script",
      "section",  "span",    "style",    "summary", "table",      "tbody", "td",      "th",
      "thead",    "title",   "tr",       "ul",      "svg",        "g",     "path",    "polygon",
      "polyline", "ellipse", "text"};
  return *names;
}

/// Whether an element has no end.
bool HasNoEnd(absl::string_view name) {
  return name == "img" || name == "input" || name == "link" || name == "meta";
}

absl::string_view TakeName(absl::string_view* html) {
  size_t size = 0;
  while (size < html->size() && (absl::ascii_isalnum(static_cast<unsigned char>((*html)[size])) ||
                                 absl::StrContains("-:_", html->substr(size, 1)))) {
    ++size;
  }
  const absl::string_view name = html->substr(0, size);
  html->remove_prefix(size);
  return name;
}

/// Removes everything up to the end of `mark`.
void SkipPast(absl::string_view mark, absl::string_view* html) {
  const size_t at = html->find(mark);
  CHECK_NE(at, absl::string_view::npos) << "no " << mark;
  html->remove_prefix(at + mark.size());
}

/// Takes the rest of a tag. Returns whether the tag closes its element: `/>`.
bool TakeAttributes(absl::string_view* html) {
  while (true) {
    *html = absl::StripLeadingAsciiWhitespace(*html);
    const bool closes = absl::ConsumePrefix(html, "/");
    if (absl::ConsumePrefix(html, ">")) return closes;
    const absl::string_view name = TakeName(html);
    CHECK(!name.empty()) << "before " << html->substr(0, 40);
    CHECK(!absl::StartsWithIgnoreCase(name, "on")) << name;
    if (absl::ConsumePrefix(html, "=\"")) SkipPast("\"", html);
  }
}

}  // namespace

void CheckPage(absl::string_view html, int scripts) {
  absl::ConsumePrefix(&html, "<!DOCTYPE html>");
  int found = 0;
  std::vector<absl::string_view> open;
  while (true) {
    const size_t tag = html.find('<');
    if (tag == absl::string_view::npos) break;
    html.remove_prefix(tag + 1);
    const bool is_end = absl::ConsumePrefix(&html, "/");
    const absl::string_view name = TakeName(&html);
    CHECK_EQ(Elements().count(name), 1u) << "<" << name << ">";
    const bool is_closed = TakeAttributes(&html);
    if (is_end) {
      CHECK(!open.empty() && open.back() == name) << "</" << name << ">";
      open.pop_back();
      continue;
    }
    found += name == "script";
    if (name == "script" || name == "style") {
      SkipPast(absl::StrCat("</", name, ">"), &html);
    } else if (!is_closed && !HasNoEnd(name)) {
      open.push_back(name);
    }
  }
  CHECK(open.empty()) << "<" << open.back() << "> has no end";
  CHECK_EQ(found, scripts);
}

}  // namespace pdarts
