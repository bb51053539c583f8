#ifndef PDARTS_CLI_SUGGESTION_H_
#define PDARTS_CLI_SUGGESTION_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace pdarts {

/// The known word that the user probably meant by `word`. It is the first of the words with the
/// smallest number of insertions, deletions, replacements and swaps of neighboring characters.
/// Empty if this number is more than a third of the characters of `word` (more than one for a short
/// word).
std::string ClosestWord(absl::string_view word, const std::vector<std::string>& known);

}  // namespace pdarts

#endif  // PDARTS_CLI_SUGGESTION_H_
