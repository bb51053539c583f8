#ifndef PDARTS_RUNS_MARKDOWN_TABLE_H_
#define PDARTS_RUNS_MARKDOWN_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

namespace pdarts {

// The parts of a table in Markdown. The texts may come from anyone: they are neither markup nor
// further rows or columns.

/// Text that stands for itself; a dash for an empty one.
std::string MarkdownText(const std::string& text);

/// Text between backticks; a dash for an empty one.
std::string MarkdownCode(const std::string& text);

/// A link that is called `name`.
std::string MarkdownLink(const std::string& name, const std::string& file);

/// A line of the table. cells: as the functions above make them.
std::string MarkdownRow(const std::vector<std::string>& cells);

/// The line below the row of the columns' names.
std::string MarkdownRule(size_t columns);

}  // namespace pdarts

#endif  // PDARTS_RUNS_MARKDOWN_TABLE_H_
