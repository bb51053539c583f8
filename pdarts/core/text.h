#ifndef PDARTS_CORE_TEXT_H_
#define PDARTS_CORE_TEXT_H_

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace pdarts {

/// The text of a file that a user wrote, without the byte-order mark of UTF-8 that some editors put
/// before it.
inline absl::string_view WithoutByteOrderMark(absl::string_view text) {
  return absl::StripPrefix(text, "\xef\xbb\xbf");
}

}  // namespace pdarts

#endif  // PDARTS_CORE_TEXT_H_
