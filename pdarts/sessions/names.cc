#include "pdarts/sessions/names.h"

#include <set>
#include <vector>

#include "absl/strings/str_join.h"

namespace pdarts {

std::string CandidateCounts(const Candidates& candidates) {
  std::vector<size_t> counts;
  for (const CellCandidates& kind : candidates) counts.push_back(kind[0].size());
  if (std::set<size_t>(counts.begin(), counts.end()).size() == 1) counts.resize(1);
  return absl::StrJoin(counts, "/");
}

}  // namespace pdarts
