#include "pdarts/base/csv.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace pdarts {

std::string CsvField(std::string text) {
  double number;
  if (!text.empty() && absl::StrContains("=+-@\t\r", text.substr(0, 1)) &&
      !absl::SimpleAtod(text, &number)) {
    text.insert(0, "'");
  }
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

}  // namespace pdarts
