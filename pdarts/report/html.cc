#include "pdarts/report/html.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "pdarts/core/json.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

constexpr char kDash[] = "–";

Html Element(const Html& begin, const HtmlValue& value, const Html& end) {
  return HtmlCat(begin, value.measured ? " class=\"measured\">"_html : ">"_html, value.text, end);
}

// --- SVG ---

constexpr std::array<absl::string_view, 7> kShapes = {"svg",     "g",        "path", "polygon",
                                                      "ellipse", "polyline", "text"};

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == ':';
}

/// Takes the letters of a name from the front of `text`.
absl::string_view TakeName(absl::string_view* text) {
  const auto end = std::find_if_not(text->begin(), text->end(), IsNameCharacter);
  const absl::string_view name = text->substr(0, static_cast<size_t>(end - text->begin()));
  text->remove_prefix(name.size());
  return name;
}

absl::Status BadSvg(absl::string_view what) {
  return absl::InternalError(absl::StrCat("a drawing in SVG holds ", what));
}

absl::Status CheckShape(absl::string_view name) {
  if (std::find(kShapes.begin(), kShapes.end(), name) != kShapes.end()) return absl::OkStatus();
  return BadSvg(absl::StrCat("the element <", name, ">, which is no shape"));
}

/// Takes the attributes of an element and its end from the front of `text`.
absl::Status TakeAttributes(absl::string_view* text) {
  while (true) {
    while (!text->empty() && absl::ascii_isspace(static_cast<unsigned char>(text->front()))) {
      text->remove_prefix(1);
    }
    if (absl::ConsumePrefix(text, ">") || absl::ConsumePrefix(text, "/>")) return absl::OkStatus();
    const absl::string_view name = TakeName(text);
    if (name.empty() || !absl::ConsumePrefix(text, "=\"")) return BadSvg("a damaged element");
    if (absl::StartsWithIgnoreCase(name, "on") || absl::EndsWithIgnoreCase(name, "href") ||
        absl::EqualsIgnoreCase(name, "style")) {
      return BadSvg(absl::StrCat("the attribute ", name, ", which may do more than draw"));
    }
    const size_t end = text->find_first_of("\"<");
    if (end == absl::string_view::npos || (*text)[end] != '"') return BadSvg("a damaged attribute");
    text->remove_prefix(end + 1);
  }
}

/// Removes everything up to the end of `mark`. \error kInternal if it isn't there.
absl::Status Skip(absl::string_view mark, absl::string_view* text) {
  const size_t at = text->find(mark);
  if (at == absl::string_view::npos) return BadSvg(absl::StrCat("no ", mark));
  text->remove_prefix(at + mark.size());
  return absl::OkStatus();
}

}  // namespace

void Html::Append(const absl::AlphaNum& text) {
  bytes_ += absl::StrReplaceAll(
      text.Piece(),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

Html operator""_html(const char* literal, size_t size) { return Html(std::string(literal, size)); }

Html JsonForScript(const google::protobuf::Message& message) {
  return Html(absl::StrReplaceAll(ToJsonLine(message), {{"<", "\\u003c"}, {">", "\\u003e"}}));
}

absl::StatusOr<Html> HtmlOfSvg(absl::string_view svg) {
  const size_t begin = svg.find("<svg");
  if (begin == absl::string_view::npos) return BadSvg("no <svg>");
  absl::string_view left = svg.substr(begin);
  std::string kept;
  while (!left.empty()) {
    const size_t text = std::min(left.find('<'), left.size());
    absl::StrAppend(&kept, left.substr(0, text));
    left.remove_prefix(text);
    if (left.empty()) break;
    // Browsers show titles, Graphviz's inner names, to a reader who points at them.
    const bool comment = absl::StartsWith(left, "<!--");
    if (comment || absl::StartsWith(left, "<title>")) {
      PDARTS_RETURN_IF_ERROR(Skip(comment ? "-->" : "</title>", &left));
      absl::ConsumePrefix(&left, "\n");
      continue;
    }
    const absl::string_view element = left;
    left.remove_prefix(1);
    if (absl::ConsumePrefix(&left, "/")) {
      PDARTS_RETURN_IF_ERROR(CheckShape(TakeName(&left)));
      if (!absl::ConsumePrefix(&left, ">")) return BadSvg("a damaged element");
    } else {
      PDARTS_RETURN_IF_ERROR(CheckShape(TakeName(&left)));
      PDARTS_RETURN_IF_ERROR(TakeAttributes(&left));
    }
    absl::StrAppend(&kept, element.substr(0, element.size() - left.size()));
  }
  return Html(std::move(kept));
}

HtmlValue Measured(std::string text) {
  HtmlValue value(std::move(text));
  value.measured = true;
  return value;
}

Html HtmlTableHead(const std::vector<std::string>& head) {
  Html row = "<thead><tr>"_html;
  for (const std::string& cell : head) {
    row.Append(HtmlCat("<th scope=\"col\">"_html, cell, "</th>"_html));
  }
  row.Append("</tr></thead>\n"_html);
  return row;
}

Html HtmlTable(const std::vector<std::string>& head,
               const std::vector<std::vector<HtmlValue>>& rows) {
  Html table =
      HtmlCat("<table>"_html, head.empty() ? Html() : HtmlTableHead(head), "<tbody>\n"_html);
  for (const std::vector<HtmlValue>& row : rows) {
    table.Append("<tr>"_html);
    for (size_t i = 0; i < row.size(); ++i) {
      table.Append(i == 0 ? HtmlCat("<th scope=\"row\">"_html, row[i].text, "</th>"_html)
                          : Element("<td"_html, row[i], "</td>"_html));
    }
    table.Append("</tr>\n"_html);
  }
  table.Append("</tbody></table>\n"_html);
  return table;
}

Html HtmlTable(const std::vector<std::vector<HtmlValue>>& rows) { return HtmlTable({}, rows); }

Html HtmlScrolling(absl::string_view name, const Html& content) {
  return HtmlCat("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\""_html, name,
                 "\">\n"_html, content, "</div>\n"_html);
}

Html HtmlSection(absl::string_view id, absl::string_view title, const Html& content) {
  return HtmlCat("<section aria-labelledby=\""_html, id, "\"><h2 id=\""_html, id, "\">"_html, title,
                 "</h2>\n"_html, content, "</section>\n"_html);
}

Html HtmlTile(absl::string_view name, const HtmlValue& value) {
  return HtmlCat("<div class=\"tile\"><dt>"_html, name, "</dt>"_html,
                 Element("<dd"_html, value, "</dd>"_html), "</div>\n"_html);
}

Html HtmlTiles(const std::vector<Html>& tiles) {
  Html list = "<dl class=\"tiles\">\n"_html;
  for (const Html& tile : tiles) list.Append(tile);
  list.Append("</dl>\n"_html);
  return list;
}

std::string Number(double value, int digits) { return absl::StrFormat("%.*f", digits, value); }

std::string NumberIf(bool is_set, double value, int digits) {
  return is_set ? Number(value, digits) : kDash;
}

std::string DurationText(double seconds) {
  constexpr double kLongest = 1e15;
  if (!(seconds >= 0 && seconds < kLongest)) return kDash;
  const int64_t s = std::llround(seconds);
  if (s >= 3600) return absl::StrFormat("%d h %02d min", s / 3600, s / 60 % 60);
  if (s >= 60) return absl::StrFormat("%d min %02d s", s / 60, s % 60);
  return absl::StrFormat("%.1f s", seconds);
}

std::string CellName(absl::string_view kind) {
  return kind == "cell" ? "cell" : absl::StrCat(kind, " cell");
}

}  // namespace pdarts
