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

/// A piece of HTML. Literals of the program become HTML as they are (`"<p>"_html`); any other text
/// is escaped. So the content of a file can't become markup, wherever it is put.
class Html {
 public:
  Html() = default;
  void Append(const Html& html) { bytes_.append(html.bytes_); }
  /// Appends text or a number that stands for itself, within elements and quoted attributes.
  void Append(const absl::AlphaNum& text);

  /// What a file of this HTML holds.
  const std::string& bytes() const { return bytes_; }

 private:
  friend Html operator""_html(const char* literal, size_t size);
  friend Html JsonForScript(const google::protobuf::Message& message);
  friend absl::StatusOr<Html> HtmlOfSvg(absl::string_view svg);
  explicit Html(std::string bytes) : bytes_(std::move(bytes)) {}

  std::string bytes_;
};

/// A literal of the program as HTML.
Html operator""_html(const char* literal, size_t size);

/// Joins HTML, texts and numbers; texts and numbers are escaped.
template <class... Parts>
Html HtmlCat(const Parts&... parts) {
  Html html;
  (html.Append(parts), ...);
  return html;
}

/// A message as JSON, for the inside of a `<script type="application/json">` element.
Html JsonForScript(const google::protobuf::Message& message);

/// The `<svg>` element of a drawing, without comments and `<title>` elements. It holds shapes and
/// text only.
/// \error kInternal naming an element or attribute that could do more than draw (a script, a link),
/// or if the drawing isn't well formed.
absl::StatusOr<Html> HtmlOfSvg(absl::string_view svg);

/// A value of a table or tile.
struct HtmlValue {
  HtmlValue(std::string text) : text(std::move(text)) {}  // NOLINT: a value is mostly its text
  HtmlValue(const char* text) : HtmlValue(std::string(text)) {}  // NOLINT
  std::string text;
  /// A time, a speed or memory: what two runs of one seed may differ in. Its element has the class
  /// "measured".
  bool measured = false;
};
HtmlValue Measured(std::string text);

/// A table; the first cell of each row heads it.
Html HtmlTable(const std::vector<std::string>& head,
               const std::vector<std::vector<HtmlValue>>& rows);
/// The same without a row of heads.
Html HtmlTable(const std::vector<std::vector<HtmlValue>>& rows);
/// The row of heads alone.
Html HtmlTableHead(const std::vector<std::string>& head);

/// A region that scrolls by itself, which the keyboard can reach.
Html HtmlScrolling(absl::string_view name, const Html& content);

/// A part of a page that a link "#id" leads to.
Html HtmlSection(absl::string_view id, absl::string_view title, const Html& content);

/// A named value that stands out.
Html HtmlTile(absl::string_view name, const HtmlValue& value);

/// Several tiles side by side.
Html HtmlTiles(const std::vector<Html>& tiles);

/// With so many digits after the point.
std::string Number(double value, int digits);
/// The same, or a dash where there is none.
std::string NumberIf(bool is_set, double value, int digits);

/// "1 h 02 min", "3 min 05 s", "12.3 s"; a dash for what is no length of time.
std::string DurationText(double seconds);

/// "normal cell"; "cell" where the kind is called that already.
std::string CellName(absl::string_view kind);

}  // namespace pdarts

#endif  // PDARTS_REPORT_HTML_H_
