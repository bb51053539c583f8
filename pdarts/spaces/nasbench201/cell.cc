#include "pdarts/spaces/nasbench201/cell.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "glog/logging.h"

namespace pdarts::nasbench201 {
namespace {

const CellKind& Cell() { return NasBench201Topology().kinds[0]; }

/// "expected ..., found ..." at an offset into a text.
absl::Status Expected(absl::string_view text, size_t offset, absl::string_view what) {
  const std::string found =
      offset < text.size() ? absl::StrCat("'", text.substr(offset, 1), "'") : "the end of the text";
  return absl::InvalidArgumentError(
      absl::StrCat("column ", offset + 1, ": expected ", what, ", found ", found));
}

}  // namespace

const Topology& NasBench201Topology() {
  static const Topology* const topology = [] {
    CellKind kind;
    kind.name = "cell";
    kind.operations = {"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};
    for (int to = 1; to < kNodes; ++to) {
      for (int from = 0; from < to; ++from) kind.edges.push_back({from, to});
    }
    return new Topology{{kind}};
  }();
  return *topology;
}

int ToCode(const CellOperations& operations) {
  int code = 0;
  for (const int operation : operations) code = kNumOperations * code + operation;
  return code;
}

CellOperations FromCode(int code) {
  CHECK(code >= 0 && code < kNumArchitectures) << code;
  CellOperations operations;
  for (int e = kNumEdges - 1; e >= 0; --e) {
    operations[e] = code % kNumOperations;
    code /= kNumOperations;
  }
  return operations;
}

absl::StatusOr<CellOperations> ParseCell(absl::string_view text) {
  const size_t size = absl::StripTrailingAsciiWhitespace(text).size();
  text = text.substr(0, size);
  size_t at = size - absl::StripLeadingAsciiWhitespace(text).size();
  CellOperations cell;
  for (int e = 0; e < kNumEdges; ++e) {
    const Edge& edge = Cell().edges[e];
    if (edge.from == 0) {
      // A node's list begins.
      for (const absl::string_view mark : {edge.to > 1 ? "+" : "", "|"}) {
        if (text.substr(at, mark.size()) != mark) {
          return Expected(text, at, absl::StrCat("'", mark, "'"));
        }
        at += mark.size();
      }
    }
    const absl::string_view name = text.substr(at, text.substr(at).find_first_of("~|+"));
    const auto& known = Cell().operations;
    const auto operation = std::find(known.begin(), known.end(), name);
    if (operation == known.end()) {
      return absl::InvalidArgumentError(absl::StrCat("column ", at + 1, ": unknown operation '",
                                                     name,
                                                     "'; known: ", absl::StrJoin(known, ", ")));
    }
    cell[e] = static_cast<int>(operation - known.begin());
    at += name.size();
    for (const absl::string_view mark :
         {absl::string_view("~"), absl::string_view("012").substr(edge.from, 1),
          absl::string_view("|")}) {
      if (text.substr(at, 1) != mark) return Expected(text, at, absl::StrCat("'", mark, "'"));
      ++at;
    }
  }
  if (at != size) return Expected(text, at, "the end of the text");
  return cell;
}

std::string FormatCell(const CellOperations& operations) {
  std::string text;
  for (int e = 0; e < kNumEdges; ++e) {
    const Edge& edge = Cell().edges[e];
    if (edge.from == 0) text += edge.to > 1 ? "+|" : "|";
    absl::StrAppend(&text, Cell().operations[operations[e]], "~", edge.from, "|");
  }
  return text;
}

std::string CanonicalExpression(const CellOperations& operations) {
  // Each node as the sorted terms of its sum; none is zero.
  std::array<std::vector<std::string>, kNodes> nodes;
  nodes[0] = {"x"};
  for (int e = 0; e < kNumEdges; ++e) {
    const Edge& edge = Cell().edges[e];
    const std::vector<std::string>& from = nodes[edge.from];
    std::vector<std::string>& to = nodes[edge.to];
    if (operations[e] == kNone || from.empty()) continue;
    if (operations[e] == kSkipConnect) {
      to.insert(to.end(), from.begin(), from.end());
    } else {
      to.push_back(
          absl::StrCat(Cell().operations[operations[e]], "(", absl::StrJoin(from, " + "), ")"));
    }
    // Edges into a node stand before those out of it, so that this is the last say on it.
    std::sort(to.begin(), to.end());
  }
  const std::vector<std::string>& output = nodes[kNodes - 1];
  return output.empty() ? "0" : absl::StrJoin(output, " + ");
}

Architecture ToArchitecture(const CellOperations& operations) {
  Architecture architecture;
  CellArchitecture* const cell = architecture.add_cells();
  cell->set_kind(Cell().name);
  for (int e = 0; e < kNumEdges; ++e) {
    ArchitectureEdge* const edge = cell->add_edges();
    edge->set_from(Cell().edges[e].from);
    edge->set_to(Cell().edges[e].to);
    edge->set_operation(Cell().operations[operations[e]]);
  }
  cell->add_concat(kNodes - 1);
  return architecture;
}

CellOperations FromArchitecture(const Architecture& architecture) {
  CellOperations operations;
  for (int e = 0; e < kNumEdges; ++e) {
    operations[e] = ::pdarts::OperationIndex(Cell(), architecture.cells(0).edges(e).operation());
  }
  return operations;
}

absl::Status CheckCell(const Architecture& architecture) {
  const CellArchitecture& cell = architecture.cells(0);
  if (cell.edges_size() != kNumEdges) {
    return absl::InvalidArgumentError(
        absl::StrCat("cell: ", cell.edges_size(), " edges, expected ", kNumEdges));
  }
  for (int e = 0; e < kNumEdges; ++e) {
    const Edge& expected = Cell().edges[e];
    const ArchitectureEdge& edge = cell.edges(e);
    if (edge.from() != expected.from || edge.to() != expected.to) {
      return absl::InvalidArgumentError(absl::StrCat("cell: edge ", e, " goes from ", edge.from(),
                                                     " to ", edge.to(), ", expected from ",
                                                     expected.from, " to ", expected.to));
    }
  }
  if (cell.concat_size() != 1 || cell.concat(0) != kNodes - 1) {
    return absl::InvalidArgumentError(absl::StrCat("cell: the output is of nodes [",
                                                   absl::StrJoin(cell.concat(), ", "),
                                                   "], expected [", kNodes - 1, "]"));
  }
  return absl::OkStatus();
}

}  // namespace pdarts::nasbench201
