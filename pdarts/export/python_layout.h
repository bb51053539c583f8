#ifndef PDARTS_EXPORT_PYTHON_LAYOUT_H_
#define PDARTS_EXPORT_PYTHON_LAYOUT_H_

#include <cstddef>
#include <string>
#include <vector>

namespace pdarts {

// Python code, laid out as black formats it.

/// The longest line that black leaves on one line.
inline constexpr size_t kPythonLineLength = 88;

/// An expression: a text alone, or `head`, items with commas between them, and `tail`: "nn.ReLU(",
/// {}, ")".
struct PythonExpression {
  std::string head;
  std::vector<PythonExpression> items = {};
  std::string tail = "";
  bool item_a_line = false;  ///< even if all of it fits on one line
  bool last_comma = true;    ///< whether a comma stands behind the last item, where it ends a line
};

/// Expressions that are texts alone.
std::vector<PythonExpression> PythonTexts(const std::vector<std::string>& texts);

/// `function(argument, ...)`.
PythonExpression PythonCall(const std::string& function, std::vector<PythonExpression> arguments);

/// `[item, ...]`.
PythonExpression PythonList(std::vector<PythonExpression> items);

/// On one line.
std::string OneLine(const PythonExpression& expression);

/// On one line if it fits, and otherwise with an item a line. What follows the first line has
/// `indent` spaces before it, which are not put before the first.
/// before, after: how many characters stand before the expression on its first line, beside the
/// indent, and behind it on its last.
std::string LayOut(const PythonExpression& expression, size_t indent, size_t before, size_t after);

/// A sum as the right-hand side `prefix + a + b`, where `prefix` is "x = " or "return ": one line
/// with its indent and its end, or in parentheses.
std::string SumLines(const std::string& prefix, const std::vector<std::string>& terms,
                     size_t indent);

/// A string literal, which holds bytes that are not UTF-8 as JsonText does.
std::string PythonText(const std::string& text);

/// `NAME = "text"` with its line end, with a long text in pieces.
std::string TextConstant(const std::string& name, const std::string& text);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_PYTHON_LAYOUT_H_
