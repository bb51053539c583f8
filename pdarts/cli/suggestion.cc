#include "pdarts/cli/suggestion.h"

#include <algorithm>

namespace pdarts {
namespace {

/// The optimal string alignment distance.
size_t Distance(absl::string_view a, absl::string_view b) {
  // rows[i][j] is the distance between the first i characters of a and the first j characters of b.
  std::vector<std::vector<size_t>> rows(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      const size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({replaced, rows[i - 1][j] + 1, rows[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

std::string ClosestWord(absl::string_view word, const std::vector<std::string>& known) {
  std::string closest;
  size_t least = 0;
  for (const std::string& candidate : known) {
    const size_t allowed = std::max<size_t>(1, candidate.size() / 3);
    // A word that is longer by more than the allowed number of insertions has no close candidate.
    if (word.size() > candidate.size() + allowed) continue;
    const size_t distance = Distance(word, candidate);
    if (distance <= allowed && (closest.empty() || distance < least)) {
      closest = candidate;
      least = distance;
    }
  }
  return closest;
}

}  // namespace pdarts
