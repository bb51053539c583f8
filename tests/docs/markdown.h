#ifndef TESTS_DOCS_MARKDOWN_H_
#define TESTS_DOCS_MARKDOWN_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace pdarts {

/// A piece of a page, and its line. The first line is 1.
struct PageText {
  int line = 0;
  std::string text;
};

struct CodeBlock {
  int line = 0;          ///< of the opening fence
  std::string language;  ///< "sh", "console", ...; empty if the block has no language
  std::vector<std::string> lines;
};

/// The parts of a Markdown page that the tests check. A block after a line `<!-- not of this
/// repository -->` or `<!-- examples/FILE -->` is left out, because it belongs to another
/// workspace.
struct Page {
  std::string path;
  std::set<std::string> anchors;  ///< of the headings, as GitHub makes them
  std::vector<PageText> links;    ///< targets of links and pictures
  std::vector<PageText> code;     ///< the texts between `backticks`
  std::vector<CodeBlock> blocks;
};

Page ParsePage(absl::string_view path, absl::string_view text);

}  // namespace pdarts

#endif  // TESTS_DOCS_MARKDOWN_H_
