#include "pdarts/report/html.h"

#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace pdarts {
namespace {

std::string Element(absl::string_view name, const HtmlValue& value) {
  return absl::StrCat("<", name, value.measured ? " class=\"measured\">" : ">",
                      EscapeHtml(value.text), "</", name, ">");
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

HtmlValue Measured(std::string text) {
  HtmlValue value(std::move(text));
  value.measured = true;
  return value;
}

std::string HtmlTableHead(const std::vector<std::string>& head) {
  std::string row = "<thead><tr>";
  for (const std::string& cell : head) {
    absl::StrAppend(&row, "<th scope=\"col\">", EscapeHtml(cell), "</th>");
  }
  return absl::StrCat(row, "</tr></thead>\n");
}

std::string HtmlTable(const std::vector<std::string>& head,
                      const std::vector<std::vector<HtmlValue>>& rows) {
  std::string table = absl::StrCat("<table>", head.empty() ? "" : HtmlTableHead(head), "<tbody>\n");
  for (const std::vector<HtmlValue>& row : rows) {
    absl::StrAppend(&table, "<tr>");
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&table,
                      i == 0 ? absl::StrCat("<th scope=\"row\">", EscapeHtml(row[i].text), "</th>")
                             : Element("td", row[i]));
    }
    absl::StrAppend(&table, "</tr>\n");
  }
  return absl::StrCat(table, "</tbody></table>\n");
}

std::string HtmlTable(const std::vector<std::vector<HtmlValue>>& rows) {
  return HtmlTable({}, rows);
}

std::string HtmlScrolling(absl::string_view name, absl::string_view content) {
  return absl::StrCat("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"",
                      EscapeHtml(name), "\">\n", content, "</div>\n");
}

std::string HtmlSection(absl::string_view id, absl::string_view title, absl::string_view content) {
  return absl::StrCat("<section aria-labelledby=\"", id, "\"><h2 id=\"", id, "\">",
                      EscapeHtml(title), "</h2>\n", content, "</section>\n");
}

std::string HtmlTile(absl::string_view name, const HtmlValue& value) {
  return absl::StrCat("<div class=\"tile\"><dt>", EscapeHtml(name), "</dt>", Element("dd", value),
                      "</div>\n");
}

std::string Number(double value, int digits) { return absl::StrFormat("%.*f", digits, value); }

std::string NumberIf(bool is_set, double value, int digits) {
  return is_set ? Number(value, digits) : "–";
}

std::string DurationText(double seconds) {
  const int64_t s = std::llround(seconds);
  if (s >= 3600) return absl::StrFormat("%d h %02d min", s / 3600, s / 60 % 60);
  if (s >= 60) return absl::StrFormat("%d min %02d s", s / 60, s % 60);
  return absl::StrFormat("%.1f s", seconds);
}

std::string CellName(absl::string_view kind) {
  return kind == "cell" ? "cell" : absl::StrCat(kind, " cell");
}

}  // namespace pdarts
