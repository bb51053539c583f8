#include "pdarts/spaces/nasbench201/cell.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "glog/logging.h"

namespace pdarts::nasbench201 {
namespace {

constexpr size_t kLongestShown = 80;

const CellKind& Cell() { return NasBench201Topology().kinds[0]; }

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

CellReading ReadCellAt(absl::string_view text, size_t place) {
  CellReading reading;
  size_t& at = reading.end;
  at = place;
  // Skips a character. If another character is there, sets the error.
  const auto skip = [&](absl::string_view mark) {
    if (text.substr(at, mark.size()) == mark) {
      at += mark.size();
      return true;
    }
    const std::string found =
        at < text.size() ? absl::StrCat("'", text.substr(at, 1), "'") : "the end of the text";
    reading.error = TextError{at, absl::StrCat("expected '", mark, "', found ", found)};
    return false;
  };
  for (int e = 0; e < kNumEdges; ++e) {
    const Edge& edge = Cell().edges[e];
    if (edge.from == 0) {
      // The list of a node begins.
      if (edge.to > 1 && !skip("+")) return reading;
      if (!skip("|")) return reading;
    }
    const absl::string_view name =
        text.substr(at, text.find_first_of("~|+", at) - at);  // npos selects the rest of the text
    const auto& known = Cell().operations;
    const auto operation = std::find(known.begin(), known.end(), name);
    if (operation == known.end()) {
      reading.error =
          TextError{at, absl::StrCat("unknown operation '", name.substr(0, kLongestShown),
                                     "'; known: ", absl::StrJoin(known, ", "))};
      return reading;
    }
    reading.operations[e] = static_cast<int>(operation - known.begin());
    at += name.size();
    if (!skip("~") || !skip(absl::StrCat(edge.from)) || !skip("|")) return reading;
  }
  return reading;
}

absl::StatusOr<CellOperations> ParseCell(absl::string_view text) {
  text = absl::StripTrailingAsciiWhitespace(text);
  CellReading reading =
      ReadCellAt(text, text.size() - absl::StripLeadingAsciiWhitespace(text).size());
  if (!reading.error && reading.end != text.size()) {
    reading.error = TextError{reading.end, absl::StrCat("expected the end of the text, found '",
                                                        text.substr(reading.end, 1), "'")};
  }
  if (!reading.error) return reading.operations;
  return absl::InvalidArgumentError(
      absl::StrCat("column ", reading.error->place + 1, ": ", reading.error->message));
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
  // The sorted terms of the sum of each node. A term is never zero.
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
    // The edges into a node are processed before the edges out of it, so its text is complete here.
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
