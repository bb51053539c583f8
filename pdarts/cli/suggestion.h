#ifndef PDARTS_CLI_SUGGESTION_H_
#define PDARTS_CLI_SUGGESTION_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace pdarts {

/// The known word that `word` was probably meant to be: the first of those with the fewest
/// insertions, deletions, replacements and swaps of neighboring characters between them. Empty if
/// even that one differs in more than a third of its characters (in more than one of a short word).
std::string ClosestWord(absl::string_view word, const std::vector<std::string>& known);

}  // namespace pdarts

#endif  // PDARTS_CLI_SUGGESTION_H_
