#ifndef TESTS_DOCS_MARKDOWN_H_
#define TESTS_DOCS_MARKDOWN_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace pdarts {

/// A piece of a page and the line that it stands on, from 1.
struct PageText {
  int line = 0;
  std::string text;
};

struct CodeBlock {
  int line = 0;          ///< of the opening fence
  std::string language;  ///< "sh", "console", ...; empty if none is named
  std::vector<std::string> lines;
};

/// What the tests look at in a page of Markdown. Left out is a block that follows a line
/// `<!-- not of this repository -->`, or `<!-- examples/FILE -->`: a file of another workspace.
struct Page {
  std::string path;
  std::set<std::string> anchors;  ///< of the headings, as GitHub makes them
  std::vector<PageText> links;    ///< targets of links and pictures
  std::vector<PageText> code;     ///< what stands between `backticks`
  std::vector<CodeBlock> blocks;
};

Page ParsePage(absl::string_view path, absl::string_view text);

}  // namespace pdarts

#endif  // TESTS_DOCS_MARKDOWN_H_
