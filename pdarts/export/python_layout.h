#ifndef PDARTS_EXPORT_PYTHON_LAYOUT_H_
#define PDARTS_EXPORT_PYTHON_LAYOUT_H_

#include <cstddef>
#include <string>
#include <vector>

namespace pdarts {

// Formats Python code like the formatter black.

/// The maximum length of a line in black.
inline constexpr size_t kPythonLineLength = 88;

/// An expression: a text, or `head`, items with commas between them, and `tail`: "nn.ReLU(", {},
/// ")".
struct PythonExpression {
  std::string head;
  std::vector<PythonExpression> items = {};
  std::string tail = "";
  bool item_a_line = false;  ///< one line for each item, even if the expression fits on one line
  bool last_comma = true;    ///< whether a comma follows the last item, if the item ends a line
};

/// Expressions that consist of texts.
std::vector<PythonExpression> PythonTexts(const std::vector<std::string>& texts);

/// `function(argument, ...)`.
PythonExpression PythonCall(const std::string& function, std::vector<PythonExpression> arguments);

/// `[item, ...]`.
PythonExpression PythonList(std::vector<PythonExpression> items);

/// The expression on one line.
std::string OneLine(const PythonExpression& expression);

/// The expression on one line if it fits, and otherwise with one line for each item. All lines
/// except the first begin with `indent` spaces. `before` is the number of characters before the
/// expression on its first line, without the indent. `after` is the number of characters after it
/// on its last line.
std::string LayOut(const PythonExpression& expression, size_t indent, size_t before, size_t after);

/// A sum as the right-hand side `prefix + a + b`, where `prefix` is "x = " or "return ". The result
/// is one indented line, or several lines in parentheses.
std::string SumLines(const std::string& prefix, const std::vector<std::string>& terms,
                     size_t indent);

/// A string literal. Bytes that are not UTF-8 are written as JsonText writes them.
std::string PythonText(const std::string& text);

/// `NAME = "text"` with a line end. A long text is split into pieces.
std::string TextConstant(const std::string& name, const std::string& text);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_PYTHON_LAYOUT_H_
