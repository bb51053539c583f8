#include "benchmarks/seeded_candidates.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"

namespace pdarts {

Candidates SeededCandidates(const SearchSpace& space, int per_edge) {
  Candidates candidates = space.InitialCandidates().value();
  std::mt19937 random(1);
  for (CellCandidates& cell : candidates) {
    for (EdgeCandidates& edge : cell) {
      while (static_cast<int>(edge.size()) > std::max(per_edge, 1)) {
        edge.erase(edge.begin() + static_cast<int64_t>(random() % edge.size()));
      }
    }
  }
  return candidates;
}

std::string EdgesText(const Topology& topology, const Candidates& candidates) {
  std::string text;
  for (size_t k = 0; k < topology.kinds.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    for (size_t e = 0; e < kind.edges.size(); ++e) {
      std::vector<std::string> names;
      for (const int operation : candidates[k][e]) {
        names.push_back(absl::StrCat("\"", kind.operations[operation], "\""));
      }
      absl::SubstituteAndAppend(
          &text, "    edges { cell_kind: \"$0\" from: $1 to: $2 operations: [$3] }\n", kind.name,
          kind.edges[e].from, kind.edges[e].to, absl::StrJoin(names, ", "));
    }
  }
  return text;
}

}  // namespace pdarts
