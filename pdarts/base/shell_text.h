#ifndef PDARTS_BASE_SHELL_TEXT_H_
#define PDARTS_BASE_SHELL_TEXT_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The text in single quotes, as one word of a shell's command line.
inline std::string QuotedForShell(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

}  // namespace pdarts

#endif  // PDARTS_BASE_SHELL_TEXT_H_
