#ifndef PDARTS_REPORT_HTML_H_
#define PDARTS_REPORT_HTML_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace pdarts {

/// Text that stands for itself in HTML, within elements and quoted attributes.
std::string EscapeHtml(absl::string_view text);

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
std::string HtmlTable(const std::vector<std::string>& head,
                      const std::vector<std::vector<HtmlValue>>& rows);
/// The same without a row of heads.
std::string HtmlTable(const std::vector<std::vector<HtmlValue>>& rows);
/// The row of heads alone.
std::string HtmlTableHead(const std::vector<std::string>& head);

/// A region that scrolls by itself, which the keyboard can reach. `content` is HTML.
std::string HtmlScrolling(absl::string_view name, absl::string_view content);

/// A part of a page that a link "#id" leads to. `content` is HTML.
std::string HtmlSection(absl::string_view id, absl::string_view title, absl::string_view content);

/// A named value that stands out.
std::string HtmlTile(absl::string_view name, const HtmlValue& value);

/// With so many digits after the point.
std::string Number(double value, int digits);
/// The same, or a dash where there is none.
std::string NumberIf(bool is_set, double value, int digits);

/// "1 h 02 min", "3 min 05 s", "12.3 s".
std::string DurationText(double seconds);

/// "normal cell"; "cell" where the kind is called that already.
std::string CellName(absl::string_view kind);

}  // namespace pdarts

#endif  // PDARTS_REPORT_HTML_H_
