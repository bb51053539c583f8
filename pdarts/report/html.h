#ifndef PDARTS_REPORT_HTML_H_
#define PDARTS_REPORT_HTML_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace pdarts {

/// The elements of pages. Elements with a program or a style sheet are not in the list: Script,
/// JsonScript and HtmlDocument make them.
enum class Tag {
  kA,
  kArticle,
  kCanvas,
  kCaption,
  kCircle,
  kDd,
  kDetails,
  kDiv,
  kDl,
  kDt,
  kFieldset,
  kFigcaption,
  kFigure,
  kH1,
  kH2,
  kH3,
  kHeader,
  kImg,
  kInput,
  kLabel,
  kLegend,
  kLi,
  kLine,
  kMain,
  kNav,
  kOl,
  kP,
  kPre,
  kSection,
  kSpan,
  kSummary,
  kSvg,
  kTable,
  kTbody,
  kTd,
  kText,
  kTh,
  kThead,
  kTitle,
  kTr,
  kUl,
};

/// The attributes of elements. Attributes whose value a browser follows, fetches or executes are
/// not in the list: LinkTo, JpegSource and Shade make them.
enum class Attr {
  kAlt,
  kAriaLabel,
  kAriaLabelledby,
  kChecked,
  kClass,
  kCx,
  kCy,
  kDataPrint,
  kId,
  kName,
  kR,
  kRole,
  kScope,
  kTabindex,
  kTextAnchor,
  kTitle,
  kTransform,
  kType,
  kValue,
  kViewBox,
  kX,
  kX1,
  kX2,
  kY,
  kY1,
  kY2,
};

/// An attribute of an element. The value is always escaped.
class HtmlAttribute {
 public:
  /// An attribute without a value.
  HtmlAttribute(Attr name);  // NOLINT: `{Attr::kChecked}` in a list of attributes
  HtmlAttribute(Attr name, const absl::AlphaNum& value);

  /// The attribute with a blank before it: ` class="cell"`.
  const std::string& bytes() const { return bytes_; }

 private:
  friend HtmlAttribute LinkTo(absl::string_view id);
  friend HtmlAttribute JpegSource(absl::string_view jpeg);
  friend HtmlAttribute Shade(double share);
  HtmlAttribute(absl::string_view name, absl::string_view value);

  std::string bytes_;
};

/// `href`: a link to the element of the same page that has this id.
HtmlAttribute LinkTo(absl::string_view id);

/// `src`: an image that is part of the page. jpeg: the bytes of a JPEG file.
HtmlAttribute JpegSource(absl::string_view jpeg);

/// `style`: the shade of a table cell, from 0 (like the page) to 1.
HtmlAttribute Shade(double share);

/// A style sheet or a script of the program. It can contain only literals of the program
/// (`"a{}"_program`) and single words.
class ProgramText {
 public:
  ProgramText() = default;
  void Append(const ProgramText& text) { bytes_.append(text.bytes_); }
  /// Appends a number, a color or a name. CHECKs that all characters are letters, digits or `#.-`.
  void Append(const absl::AlphaNum& word);

  const std::string& bytes() const { return bytes_; }

 private:
  friend ProgramText operator""_program(const char* literal, size_t size);
  explicit ProgramText(std::string bytes) : bytes_(std::move(bytes)) {}

  std::string bytes_;
};

/// A literal of the program as part of a style sheet or a script.
ProgramText operator""_program(const char* literal, size_t size);

/// Joins program texts and words.
template <class... Parts>
ProgramText ProgramTextCat(const Parts&... parts) {
  ProgramText text;
  (text.Append(parts), ...);
  return text;
}

/// A piece of HTML: elements, and text between them. Text is always escaped, and all elements come
/// from the functions of this header. Therefore text that a file holds never becomes markup, and
/// every element is closed.
class Html {
 public:
  Html() = default;
  void Append(const Html& html) { bytes_.append(html.bytes_); }
  /// Appends text or a number.
  void Append(const absl::AlphaNum& text);

  /// The HTML as the content of a file.
  const std::string& bytes() const { return bytes_; }

 private:
  friend Html MakeElement(Tag tag, const std::vector<HtmlAttribute>& attributes,
                          const Html& content);
  friend Html Script(const ProgramText& program);
  friend Html JsonScript(absl::string_view id, const google::protobuf::Message& message);
  friend Html HtmlDocument(absl::string_view title, const ProgramText& style, const Html& body);
  friend absl::StatusOr<Html> HtmlOfSvg(absl::string_view svg, const ProgramText& style);
  explicit Html(std::string bytes) : bytes_(std::move(bytes)) {}

  std::string bytes_;
};

/// Joins HTML, texts and numbers. Texts and numbers are escaped.
template <class... Parts>
Html HtmlCat(const Parts&... parts) {
  Html html;
  (html.Append(parts), ...);
  return html;
}

/// An element. CHECKs that an element that can have no content (`<img>`) has none.
Html MakeElement(Tag tag, const std::vector<HtmlAttribute>& attributes, const Html& content);

/// An element with a content of HTML, texts and numbers:
/// `Element(Tag::kLi, {{Attr::kClass, "soft"}}, name, ": ", Element(Tag::kSpan, text))`.
template <class... Parts>
Html Element(Tag tag, const std::vector<HtmlAttribute>& attributes, const Parts&... content) {
  return MakeElement(tag, attributes, HtmlCat(content...));
}
/// An element without attributes.
template <class... Parts>
Html Element(Tag tag, const Parts&... content) {
  return MakeElement(tag, {}, HtmlCat(content...));
}

/// An element that ends its line of the file.
template <class... Parts>
Html Block(Tag tag, const std::vector<HtmlAttribute>& attributes, const Parts&... content) {
  return HtmlCat(MakeElement(tag, attributes, HtmlCat(content...)), "\n");
}
template <class... Parts>
Html Block(Tag tag, const Parts&... content) {
  return HtmlCat(MakeElement(tag, {}, HtmlCat(content...)), "\n");
}

/// The element `<script>` with a script of the program.
Html Script(const ProgramText& program);

/// The element `<script type="application/json">` with a message as JSON.
Html JsonScript(absl::string_view id, const google::protobuf::Message& message);

/// A complete page. The browser fetches nothing for the page, and only the style sheet and the
/// scripts of the page work.
Html HtmlDocument(absl::string_view title, const ProgramText& style, const Html& body);

/// The `<svg>` element of a drawing, without comments and `<title>` elements, and with a style
/// sheet unless `style` is empty. The element contains only shapes and text.
/// \error kInternal naming an element or attribute that could do more than draw (a script, a link),
/// or if the drawing is not well-formed.
absl::StatusOr<Html> HtmlOfSvg(absl::string_view svg, const ProgramText& style = ProgramText());

/// The content of a file that contains only an `<svg>` element.
std::string SvgFile(const Html& svg);

/// A value of a table or tile.
struct HtmlValue {
  HtmlValue(std::string text) : text(std::move(text)) {}  // NOLINT: a value is mostly its text
  HtmlValue(const char* text) : HtmlValue(std::string(text)) {}  // NOLINT
  std::string text;
  /// Whether the value is a time, a speed or memory, in which two runs of the same seed may differ.
  /// The element of such a value has the class "measured".
  bool measured = false;
};
HtmlValue Measured(std::string text);

/// A table. The first cell of each row is its header.
Html HtmlTable(const std::vector<std::string>& head,
               const std::vector<std::vector<HtmlValue>>& rows);
/// A table without a header row.
Html HtmlTable(const std::vector<std::vector<HtmlValue>>& rows);
/// Only the header row.
Html HtmlTableHead(const std::vector<std::string>& head);

/// A table whose cells have shades (Shade). `rows` are elements `<tr>`. The title is for screen
/// readers.
Html HtmlHeatMap(absl::string_view title, const std::vector<std::string>& head, const Html& rows);

/// The header of a row of a table.
Html HtmlRowHead(absl::string_view text);

/// A region that scrolls separately, and that the keyboard can reach.
Html HtmlScrolling(absl::string_view name, const Html& content);

/// A part of a page to which LinkTo(id) leads.
Html HtmlSection(absl::string_view id, absl::string_view title, const Html& content);

/// A named value in a highlighted box.
Html HtmlTile(absl::string_view name, const HtmlValue& value);

/// Several tiles side by side.
Html HtmlTiles(const std::vector<Html>& tiles);

/// A paragraph "Note: `note`.".
Html HtmlNote(absl::string_view note);

/// Figures with charts, side by side.
Html HtmlCharts(const Html& figures);

/// The number with this number of digits after the decimal point.
std::string Number(double value, int digits);
/// The number, or a dash if there is none.
std::string NumberIf(bool is_set, double value, int digits);

/// "1 h 02 min", "3 min 05 s", "12.3 s"; a dash if the number is not a valid duration.
std::string DurationText(double seconds);

/// "normal cell"; "cell" if the kind is called "cell".
std::string CellName(absl::string_view kind);

}  // namespace pdarts

#endif  // PDARTS_REPORT_HTML_H_
