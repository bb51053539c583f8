#ifndef PDARTS_CORE_EDGE_NAME_H_
#define PDARTS_CORE_EDGE_NAME_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// The name of an edge in messages, from its nodes: "1 -> 3".
inline std::string EdgeName(const Edge& edge) { return absl::StrCat(edge.from, " -> ", edge.to); }

/// The names of several edges of a cell kind, from their numbers: "edge 1 -> 3", "edges 0 -> 2, 1
/// -> 3".
inline std::string EdgeNames(const CellKind& kind, const std::vector<int>& edges) {
  return absl::StrCat(edges.size() == 1 ? "edge " : "edges ",
                      absl::StrJoin(edges, ", ", [&](std::string* out, int edge) {
                        *out += EdgeName(kind.edges.at(edge));
                      }));
}

}  // namespace pdarts

#endif  // PDARTS_CORE_EDGE_NAME_H_
