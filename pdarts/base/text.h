#ifndef PDARTS_BASE_TEXT_H_
#define PDARTS_BASE_TEXT_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace pdarts {

/// The text of a file that a user wrote, without the byte-order mark of UTF-8 that some editors put
/// at its beginning.
inline absl::string_view WithoutByteOrderMark(absl::string_view text) {
  return absl::StripPrefix(text, "\xef\xbb\xbf");
}

/// The first `most` names for a message, and the number of the other names: "a, b, c, d, e, and 3
/// more".
inline std::string SomeOf(const std::vector<std::string>& names, size_t most = 5) {
  const auto shown = static_cast<std::ptrdiff_t>(std::min(names.size(), most));
  std::string text = absl::StrJoin(names.begin(), names.begin() + shown, ", ");
  if (names.size() > most) absl::StrAppend(&text, ", and ", names.size() - most, " more");
  return text;
}

/// Splits a list at its commas, except commas within brackets and quotation marks.
inline std::vector<std::string> SplitAtCommas(absl::string_view list) {
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = '\0';
  for (const char c : list) {
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (absl::StrContains("([{", c)) {
      ++depth;
    } else if (absl::StrContains(")]}", c)) {
      --depth;
    } else if (c == ',' && depth <= 0) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
  }
  return parts;
}

}  // namespace pdarts

#endif  // PDARTS_BASE_TEXT_H_
