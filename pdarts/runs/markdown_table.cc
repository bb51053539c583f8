#include "pdarts/runs/markdown_table.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace pdarts {
namespace {

constexpr char kNothing[] = "–";

}  // namespace

std::string MarkdownText(const std::string& text) {
  if (text.empty()) return kNothing;
  return absl::StrReplaceAll(text, {{"\\", "\\\\"},
                                    {"|", "\\|"},
                                    {"[", "\\["},
                                    {"`", "\\`"},
                                    {"&", "&amp;"},
                                    {"<", "&lt;"},
                                    {"\n", " "},
                                    {"\r", " "}});
}

std::string MarkdownCode(const std::string& text) {
  if (text.empty()) return kNothing;
  const std::string code =
      absl::StrReplaceAll(text, {{"|", "\\|"}, {"`", "'"}, {"\n", " "}, {"\r", " "}});
  return absl::StrCat("`", code, "`");
}

std::string MarkdownLink(const std::string& name, const std::string& file) {
  return absl::StrCat(
      "[", name, "](<",
      absl::StrReplaceAll(file, {{"<", "%3C"}, {">", "%3E"}, {"|", "%7C"}, {"\n", "%0A"}}), ">)");
}

std::string MarkdownRow(const std::vector<std::string>& cells) {
  return absl::StrCat("| ", absl::StrJoin(cells, " | "), " |\n");
}

std::string MarkdownRule(size_t columns) {
  return MarkdownRow(std::vector<std::string>(columns, "---"));
}

}  // namespace pdarts
