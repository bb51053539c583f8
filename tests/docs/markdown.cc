#include "tests/docs/markdown.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace pdarts {
namespace {

/// The anchor of a heading: lower case, spaces to hyphens, no punctuation.
std::string AnchorOf(absl::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    if (c == ' ' || c == '-') {
      anchor += '-';
    } else if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_') {
      anchor += absl::ascii_tolower(static_cast<unsigned char>(c));
    }
  }
  return anchor;
}

/// Moves the texts between backticks to `code`, and returns the line without them.
std::string TakeCode(absl::string_view line, int number, std::vector<PageText>* code) {
  std::string rest;
  while (true) {
    const size_t open = line.find('`');
    const size_t close = open == line.npos ? line.npos : line.find('`', open + 1);
    if (close == line.npos) return absl::StrCat(rest, line);
    absl::StrAppend(&rest, line.substr(0, open), "`code`");
    code->push_back({number, std::string(line.substr(open + 1, close - open - 1))});
    line.remove_prefix(close + 1);
  }
}

/// Targets of `[text](target)`, `[text](<target>)` and `![text](target)`.
void FindLinks(absl::string_view line, int number, std::vector<PageText>* links) {
  for (size_t at = line.find("]("); at != line.npos; at = line.find("](", at + 1)) {
    const size_t end = line.find(')', at);
    if (end == line.npos) return;
    absl::string_view target = line.substr(at + 2, end - at - 2);
    if (absl::ConsumePrefix(&target, "<")) absl::ConsumeSuffix(&target, ">");
    links->push_back({number, std::string(target)});
  }
}

}  // namespace

Page ParsePage(absl::string_view path, absl::string_view text) {
  Page page;
  page.path = std::string(path);
  std::map<std::string, int> anchor_counts;
  CodeBlock block;
  bool in_block = false;
  bool left_out = false;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    absl::string_view fence = absl::StripLeadingAsciiWhitespace(line);
    if (absl::ConsumePrefix(&fence, "```")) {
      if (!in_block) {
        block = CodeBlock{number, std::string(absl::StripAsciiWhitespace(fence)), {}};
      } else {
        if (!left_out) page.blocks.push_back(block);
        left_out = false;
      }
      in_block = !in_block;
      continue;
    }
    if (in_block) {
      block.lines.emplace_back(line);
      continue;
    }
    if (absl::StartsWith(line, "<!-- not of this repository -->") ||
        absl::StartsWith(line, "<!-- examples/")) {
      left_out = true;
    }
    const size_t level = line.find_first_not_of('#');
    if (level != line.npos && level > 0 && line[level] == ' ') {
      const std::string anchor = AnchorOf(line.substr(level + 1));
      const int before = anchor_counts[anchor]++;
      page.anchors.insert(before == 0 ? anchor : absl::StrCat(anchor, "-", before));
    }
    FindLinks(TakeCode(line, number, &page.code), number, &page.links);
  }
  return page;
}

}  // namespace pdarts
