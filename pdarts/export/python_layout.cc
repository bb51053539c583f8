#include "pdarts/export/python_layout.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/json.h"

namespace pdarts {
namespace {

constexpr size_t kIndent = 4;

std::string Spaces(size_t count) { return std::string(count, ' '); }

bool NeedsLines(const PythonExpression& expression) {
  return expression.item_a_line ||
         std::any_of(expression.items.begin(), expression.items.end(), NeedsLines);
}

/// Converts the content of a literal in double quotation marks to one in single quotation marks.
std::string InSingleQuotes(const std::string& content) {
  std::string text = "'";
  for (size_t i = 0; i < content.size(); ++i) {
    if (content[i] == '\\') {
      if (content[i + 1] != '"') text += '\\';
      text += content[++i];
    } else {
      if (content[i] == '\'') text += '\\';
      text += content[i];
    }
  }
  return text + "'";
}

}  // namespace

std::vector<PythonExpression> PythonTexts(const std::vector<std::string>& texts) {
  std::vector<PythonExpression> expressions;
  for (const std::string& text : texts) expressions.push_back(PythonExpression{text});
  return expressions;
}

PythonExpression PythonCall(const std::string& function, std::vector<PythonExpression> arguments) {
  return {absl::StrCat(function, "("), std::move(arguments), ")"};
}

PythonExpression PythonList(std::vector<PythonExpression> items) {
  return {"[", std::move(items), "]"};
}

std::string OneLine(const PythonExpression& expression) {
  return absl::StrCat(expression.head,
                      absl::StrJoin(expression.items, ", ",
                                    [](std::string* out, const PythonExpression& item) {
                                      out->append(OneLine(item));
                                    }),
                      expression.tail);
}

std::string LayOut(const PythonExpression& expression, size_t indent, size_t before, size_t after) {
  std::string line = OneLine(expression);
  const bool fits = indent + before + line.size() + after <= kPythonLineLength;
  if (expression.items.empty() || (fits && !NeedsLines(expression))) return line;
  std::string lines = absl::StrCat(expression.head, "\n");
  for (size_t i = 0; i < expression.items.size(); ++i) {
    const bool comma = expression.last_comma || i + 1 < expression.items.size();
    absl::StrAppend(&lines, Spaces(indent + kIndent),
                    LayOut(expression.items[i], indent + kIndent, 0, comma ? 1 : 0),
                    comma ? ",\n" : "\n");
  }
  return absl::StrCat(lines, Spaces(indent), expression.tail);
}

std::string SumLines(const std::string& prefix, const std::vector<std::string>& terms,
                     size_t indent) {
  const std::string sum = absl::StrJoin(terms, " + ");
  if (indent + prefix.size() + sum.size() <= kPythonLineLength) {
    return absl::StrCat(Spaces(indent), prefix, sum, "\n");
  }
  std::string body = absl::StrCat(Spaces(indent + kIndent), sum);
  if (body.size() > kPythonLineLength) {
    const std::string next = absl::StrCat("\n", Spaces(indent + kIndent), "+ ");
    body = absl::StrCat(Spaces(indent + kIndent), absl::StrJoin(terms, next));
  }
  return absl::StrCat(Spaces(indent), prefix, "(\n", body, "\n", Spaces(indent), ")\n");
}

std::string PythonText(const std::string& text) {
  const std::string json = JsonText(text);
  const std::string content = json.substr(1, json.size() - 2);
  const auto single = std::count(content.begin(), content.end(), '\'');
  const auto twice = std::count(content.begin(), content.end(), '"');
  return twice > single ? InSingleQuotes(content) : json;
}

std::string TextConstant(const std::string& name, const std::string& text) {
  const std::string whole = PythonText(text);
  if (name.size() + 3 + whole.size() <= kPythonLineLength) {
    return absl::StrCat(name, " = ", whole, "\n");
  }
  std::vector<std::string> pieces = {whole};
  if (kIndent + whole.size() > kPythonLineLength) {
    // A piece ends after a space, so that no character is split.
    constexpr size_t kPiece = 70;
    pieces.clear();
    for (size_t begin = 0; begin < text.size();) {
      size_t end = text.size();
      if (end - begin > kPiece) {
        const size_t blank = text.rfind(' ', begin + kPiece);
        end = blank == std::string::npos || blank < begin ? text.find(' ', begin) : blank;
        end = end == std::string::npos ? text.size() : end + 1;
      }
      pieces.push_back(PythonText(text.substr(begin, end - begin)));
      begin = end;
    }
    // Black puts no parentheses around a text that would still be too long.
    if (pieces.size() == 1) return absl::StrCat(name, " = ", whole, "\n");
  }
  std::string lines = absl::StrCat(name, " = (\n");
  for (const std::string& piece : pieces) {
    absl::StrAppend(&lines, Spaces(kIndent), piece, "\n");
  }
  return lines + ")\n";
}

}  // namespace pdarts
