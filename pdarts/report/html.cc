#include "pdarts/report/html.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "glog/logging.h"
#include "pdarts/base/json.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

constexpr char kDash[] = "–";

// --- Elements ---

/// How an element ends.
enum class End {
  kTag,     ///< `</p>`
  kNone,    ///< the element of HTML has no content and no end: `<img>`
  kClosed,  ///< the element of SVG has no content: `<line/>`
};

struct TagText {
  const char* name;
  End end = End::kTag;
};

// In the order of Tag.
constexpr TagText kTags[] = {{"a"},
                             {"article"},
                             {"canvas"},
                             {"caption"},
                             {"circle"},
                             {"dd"},
                             {"details"},
                             {"div"},
                             {"dl"},
                             {"dt"},
                             {"fieldset"},
                             {"figcaption"},
                             {"figure"},
                             {"h1"},
                             {"h2"},
                             {"h3"},
                             {"header"},
                             {"img", End::kNone},
                             {"input", End::kNone},
                             {"label"},
                             {"legend"},
                             {"li"},
                             {"line", End::kClosed},
                             {"main"},
                             {"nav"},
                             {"ol"},
                             {"p"},
                             {"pre"},
                             {"section"},
                             {"span"},
                             {"summary"},
                             {"svg"},
                             {"table"},
                             {"tbody"},
                             {"td"},
                             {"text"},
                             {"th"},
                             {"thead"},
                             {"title"},
                             {"tr"},
                             {"ul"}};
static_assert(std::size(kTags) == static_cast<size_t>(Tag::kUl) + 1, "one for each tag");

// In the order of Attr.
constexpr absl::string_view kAttributes[] = {"alt",     "aria-label", "aria-labelledby",
                                             "checked", "class",      "cx",
                                             "cy",      "data-print", "id",
                                             "name",    "r",          "role",
                                             "scope",   "tabindex",   "text-anchor",
                                             "title",   "transform",  "type",
                                             "value",   "viewBox",    "x",
                                             "x1",      "x2",         "y",
                                             "y1",      "y2"};
static_assert(std::size(kAttributes) == static_cast<size_t>(Attr::kY2) + 1,
              "one for each attribute");

absl::string_view NameOf(Attr attribute) { return kAttributes[static_cast<size_t>(attribute)]; }

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::vector<HtmlAttribute> AttributesOf(const HtmlValue& value) {
  if (!value.measured) return {};
  return {{Attr::kClass, "measured"}};
}

// --- SVG ---

constexpr std::array<absl::string_view, 7> kShapes = {"svg",     "g",        "path", "polygon",
                                                      "ellipse", "polyline", "text"};

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == ':';
}

/// Removes the letters of a name from the front of `text`, and returns them.
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
  return BadSvg(absl::StrCat("the element <", name, ">, which is not a shape"));
}

/// Removes the attributes and the end of an element from the front of `text`.
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

/// Removes everything up to the end of `mark`. \error kInternal if `mark` does not occur.
absl::Status Skip(absl::string_view mark, absl::string_view* text) {
  const size_t at = text->find(mark);
  if (at == absl::string_view::npos) return BadSvg(absl::StrCat("no ", mark));
  text->remove_prefix(at + mark.size());
  return absl::OkStatus();
}

}  // namespace

HtmlAttribute::HtmlAttribute(Attr name) : bytes_(absl::StrCat(" ", NameOf(name))) {}

HtmlAttribute::HtmlAttribute(Attr name, const absl::AlphaNum& value)
    : HtmlAttribute(NameOf(name), value.Piece()) {}

HtmlAttribute::HtmlAttribute(absl::string_view name, absl::string_view value)
    : bytes_(absl::StrCat(" ", name, "=\"", Escaped(value), "\"")) {}

HtmlAttribute LinkTo(absl::string_view id) { return {"href", absl::StrCat("#", id)}; }

HtmlAttribute JpegSource(absl::string_view jpeg) {
  return {"src", absl::StrCat("data:image/jpeg;base64,", absl::Base64Escape(jpeg))};
}

HtmlAttribute Shade(double share) { return {"style", absl::StrCat("--p:", Number(share, 3))}; }

void ProgramText::Append(const absl::AlphaNum& word) {
  for (const char c : word.Piece()) {
    CHECK(absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '#' || c == '.' || c == '-')
        << "no word of a style sheet or a script: " << word.Piece();
  }
  absl::StrAppend(&bytes_, word);
}

ProgramText operator""_program(const char* literal, size_t size) {
  return ProgramText(std::string(literal, size));
}

void Html::Append(const absl::AlphaNum& text) { bytes_ += Escaped(text.Piece()); }

Html MakeElement(Tag tag, const std::vector<HtmlAttribute>& attributes, const Html& content) {
  const TagText& text = kTags[static_cast<size_t>(tag)];
  CHECK(text.end == End::kTag || content.bytes().empty()) << "<" << text.name << "> has a content";
  std::string bytes = absl::StrCat("<", text.name);
  for (const HtmlAttribute& attribute : attributes) bytes += attribute.bytes();
  bytes += text.end == End::kClosed ? "/>" : ">";
  if (text.end == End::kTag) absl::StrAppend(&bytes, content.bytes(), "</", text.name, ">");
  return Html(std::move(bytes));
}

Html Script(const ProgramText& program) {
  return Html(absl::StrCat("<script>\n", program.bytes(), "</script>\n"));
}

Html JsonScript(absl::string_view id, const google::protobuf::Message& message) {
  const std::string json =
      absl::StrReplaceAll(ToJsonLine(message), {{"<", "\\u003c"}, {">", "\\u003e"}});
  return Html(absl::StrCat("<script", HtmlAttribute(Attr::kId, id).bytes(),
                           " type=\"application/json\">", json, "</script>\n"));
}

Html HtmlDocument(absl::string_view title, const ProgramText& style, const Html& body) {
  return Html(absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
      // The browser fetches nothing, and only the script and the style of the page work.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
      "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n",
      "<link rel=\"icon\" href=\"data:,\">\n<title>", Escaped(title), "</title>\n<style>\n",
      style.bytes(), "\n</style>\n</head>\n<body>\n", body.bytes(), "</body>\n</html>\n"));
}

absl::StatusOr<Html> HtmlOfSvg(absl::string_view svg, const ProgramText& style) {
  const size_t begin = svg.find("<svg");
  if (begin == absl::string_view::npos) return BadSvg("no <svg>");
  absl::string_view left = svg.substr(begin);
  std::string kept;
  bool has_begun = false;
  while (!left.empty()) {
    const size_t text = std::min(left.find('<'), left.size());
    absl::StrAppend(&kept, left.substr(0, text));
    left.remove_prefix(text);
    if (left.empty()) break;
    // Browsers show titles, which are Graphviz's internal names, if a reader points at the element.
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
    if (!has_begun && !style.bytes().empty()) {
      absl::StrAppend(&kept, "\n<style>", style.bytes(), "</style>");
    }
    has_begun = true;
  }
  return Html(std::move(kept));
}

std::string SvgFile(const Html& svg) {
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n",
                      svg.bytes());
}

HtmlValue Measured(std::string text) {
  HtmlValue value(std::move(text));
  value.measured = true;
  return value;
}

Html HtmlTableHead(const std::vector<std::string>& head) {
  Html row;
  for (const std::string& cell : head) {
    row.Append(Element(Tag::kTh, {{Attr::kScope, "col"}}, cell));
  }
  return Block(Tag::kThead, Element(Tag::kTr, row));
}

Html HtmlTable(const std::vector<std::string>& head,
               const std::vector<std::vector<HtmlValue>>& rows) {
  Html body;
  for (const std::vector<HtmlValue>& row : rows) {
    Html cells;
    for (size_t i = 0; i < row.size(); ++i) {
      cells.Append(i == 0 ? HtmlRowHead(row[i].text)
                          : Element(Tag::kTd, AttributesOf(row[i]), row[i].text));
    }
    body.Append(Block(Tag::kTr, cells));
  }
  return Block(Tag::kTable, head.empty() ? Html() : HtmlTableHead(head),
               Element(Tag::kTbody, "\n", body));
}

Html HtmlTable(const std::vector<std::vector<HtmlValue>>& rows) { return HtmlTable({}, rows); }

Html HtmlHeatMap(absl::string_view title, const std::vector<std::string>& head, const Html& rows) {
  return Block(Tag::kTable, {{Attr::kClass, "heat"}},
               Element(Tag::kCaption, {{Attr::kClass, "hidden"}}, title), HtmlTableHead(head),
               Element(Tag::kTbody, "\n", rows));
}

Html HtmlRowHead(absl::string_view text) {
  return Element(Tag::kTh, {{Attr::kScope, "row"}}, text);
}

Html HtmlScrolling(absl::string_view name, const Html& content) {
  return Block(Tag::kDiv,
               {{Attr::kClass, "scroll"},
                {Attr::kRole, "region"},
                {Attr::kTabindex, 0},
                {Attr::kAriaLabel, name}},
               "\n", content);
}

Html HtmlSection(absl::string_view id, absl::string_view title, const Html& content) {
  return Block(Tag::kSection, {{Attr::kAriaLabelledby, id}},
               Block(Tag::kH2, {{Attr::kId, id}}, title), content);
}

Html HtmlTile(absl::string_view name, const HtmlValue& value) {
  return Block(Tag::kDiv, {{Attr::kClass, "tile"}}, Element(Tag::kDt, name),
               Element(Tag::kDd, AttributesOf(value), value.text));
}

Html HtmlTiles(const std::vector<Html>& tiles) {
  Html list;
  for (const Html& tile : tiles) list.Append(tile);
  return Block(Tag::kDl, {{Attr::kClass, "tiles"}}, "\n", list);
}

Html HtmlNote(absl::string_view note) { return Block(Tag::kP, "Note: ", note, "."); }

Html HtmlCharts(const Html& figures) {
  return Block(Tag::kDiv, {{Attr::kClass, "charts"}}, "\n", figures);
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
