#ifndef PDARTS_RUNS_MARKDOWN_TABLE_H_
#define PDARTS_RUNS_MARKDOWN_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

namespace pdarts {

// Functions that write the parts of a table in Markdown. The texts may come from anybody. Markup,
// line ends and column separators in a text are escaped, so a text cannot add rows or columns.

/// A text without markup; a dash for an empty text.
std::string MarkdownText(const std::string& text);

/// A text between backticks; a dash for an empty text.
std::string MarkdownCode(const std::string& text);

/// A link to a file; `name` is its text.
std::string MarkdownLink(const std::string& name, const std::string& file);

/// A row of the table. `cells` are the results of the functions above.
std::string MarkdownRow(const std::vector<std::string>& cells);

/// The line between the names of the columns and the first row.
std::string MarkdownRule(size_t columns);

}  // namespace pdarts

#endif  // PDARTS_RUNS_MARKDOWN_TABLE_H_
