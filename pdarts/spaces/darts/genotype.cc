#include "pdarts/spaces/darts/genotype.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/spaces/darts/cells.h"

namespace pdarts::darts {
namespace {

constexpr int kCellEdges = kIntermediateNodes * kKeptEdges;

/// Reads Python literals from a text and says where it is.
class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) { SkipSpace(); }

  /// The next character that isn't white space; '\0' at the end.
  char Peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  size_t position() const { return position_; }
  bool AtEnd() const { return position_ == text_.size(); }

  bool Skip(char c) {
    if (AtEnd() || Peek() != c) return false;
    ++position_;
    SkipSpace();
    return true;
  }

  /// An error at a position: "line 1, column 5: ...".
  absl::Status ErrorAt(size_t position, absl::string_view message) const {
    const absl::string_view before = text_.substr(0, position);
    const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return absl::InvalidArgumentError(
        absl::StrCat("line ", std::count(before.begin(), before.end(), '\n') + 1, ", column ",
                     position - line_start + 1, ": ", message));
  }

  /// "expected ..., found ..." at the current position.
  absl::Status Expected(absl::string_view what) const {
    return ErrorAt(position_, absl::StrCat("expected ", what, ", found ", Found()));
  }

  absl::Status Expect(char c) {
    if (Skip(c)) return absl::OkStatus();
    return Expected(absl::StrCat("'", absl::string_view(&c, 1), "'"));
  }

  /// A name; empty if there is none here.
  absl::string_view Name() {
    const size_t start = position_;
    while (!AtEnd() && (absl::ascii_isalnum(Peek()) || Peek() == '_')) ++position_;
    const absl::string_view name = text_.substr(start, position_ - start);
    SkipSpace();
    return name;
  }

  absl::StatusOr<absl::string_view> String(absl::string_view what) {
    const char quote = Peek();
    if (quote != '\'' && quote != '"') return Expected(absl::StrCat(what, " in quotes"));
    const size_t start = position_ + 1;
    const size_t end = text_.find_first_of(absl::StrCat("\n", std::string(1, quote)), start);
    if (end == absl::string_view::npos || text_[end] != quote) {
      return ErrorAt(position_, absl::StrCat("the quote is not closed"));
    }
    position_ = end + 1;
    SkipSpace();
    return text_.substr(start, end - start);
  }

  /// A whole number, as text, so that the caller can say what range was expected.
  absl::StatusOr<absl::string_view> Number(absl::string_view what) {
    const size_t start = position_;
    size_t end = start;
    if (end < text_.size() && text_[end] == '-') ++end;
    const size_t digits = end;
    while (end < text_.size() && absl::ascii_isdigit(text_[end])) ++end;
    if (end == digits) return Expected(what);
    position_ = end;
    SkipSpace();
    return text_.substr(start, end - start);
  }

 private:
  void SkipSpace() {
    while (!AtEnd() && absl::ascii_isspace(Peek())) ++position_;
  }

  std::string Found() const {
    if (AtEnd()) return "the end of the text";
    size_t end = position_;
    while (end < text_.size() && (absl::ascii_isalnum(text_[end]) || text_[end] == '_')) ++end;
    return absl::StrCat("'", text_.substr(position_, std::max<size_t>(end - position_, 1)), "'");
  }

  absl::string_view text_;
  size_t position_ = 0;
};

/// `open` element, element, ... `close`, with `read_element` called at the start of each, and a
/// comma after the last one allowed.
template <class ReadElement>
absl::Status ReadSequence(Reader& reader, char open, char close, ReadElement read_element) {
  PDARTS_RETURN_IF_ERROR(reader.Expect(open));
  while (!reader.Skip(close)) {
    PDARTS_RETURN_IF_ERROR(read_element());
    if (reader.Skip(',')) continue;
    if (reader.Peek() != close) {
      return reader.Expected(absl::StrCat("',' or '", absl::string_view(&close, 1), "'"));
    }
  }
  return absl::OkStatus();
}

/// `('skip_connect', 0)`: an edge into `node`, not from an input that the cell's last edges have
/// used already.
absl::Status ReadEdge(Reader& reader, int node, CellArchitecture* cell) {
  const std::vector<std::string>& operations = DartsTopology().kinds[kNormal].operations;
  PDARTS_RETURN_IF_ERROR(reader.Expect('('));
  const size_t operation_at = reader.position();
  PDARTS_ASSIGN_OR_RETURN(const absl::string_view operation, reader.String("an operation"));
  if (std::find(operations.begin(), operations.end(), operation) == operations.end()) {
    return reader.ErrorAt(operation_at, absl::StrCat("unknown operation '", operation, "'; known: ",
                                                     absl::StrJoin(operations, ", ")));
  }
  PDARTS_RETURN_IF_ERROR(reader.Expect(','));
  const size_t number_at = reader.position();
  PDARTS_ASSIGN_OR_RETURN(const absl::string_view number, reader.Number("the number of a node"));
  int from = -1;
  if (!absl::SimpleAtoi(number, &from) || from < 0 || from >= node) {
    return reader.ErrorAt(number_at, absl::StrCat("node ", node, " takes an input from 0 to ",
                                                  node - 1, ", found ", number));
  }
  for (const ArchitectureEdge& edge : cell->edges()) {
    if (edge.to() == node && edge.from() == from) {
      return reader.ErrorAt(number_at,
                            absl::StrCat("node ", node, " already has an edge from ", from));
    }
  }
  PDARTS_RETURN_IF_ERROR(reader.Expect(')'));
  ArchitectureEdge* const edge = cell->add_edges();
  edge->set_from(from);
  edge->set_to(node);
  edge->set_operation(std::string(operation));
  return absl::OkStatus();
}

absl::Status ReadFlatEdges(Reader& reader, CellArchitecture* cell) {
  PDARTS_RETURN_IF_ERROR(ReadSequence(reader, '[', ']', [&]() -> absl::Status {
    if (cell->edges_size() == kCellEdges) {
      return reader.ErrorAt(reader.position(),
                            absl::StrCat("expected ']': a cell has ", kCellEdges, " edges"));
    }
    return ReadEdge(reader, kInputNodes + cell->edges_size() / kKeptEdges, cell);
  }));
  return absl::OkStatus();
}

absl::Status ReadNestedEdges(Reader& reader, CellArchitecture* cell) {
  int node = kInputNodes;
  return ReadSequence(reader, '[', ']', [&]() -> absl::Status {
    if (node == kNodes) {
      return reader.ErrorAt(
          reader.position(),
          absl::StrCat("expected ']': a cell has ", kIntermediateNodes, " nodes with edges"));
    }
    const int before = cell->edges_size();
    PDARTS_RETURN_IF_ERROR(ReadSequence(reader, '[', ']', [&]() -> absl::Status {
      if (cell->edges_size() == before + kKeptEdges) {
        return reader.ErrorAt(reader.position(), absl::StrCat("expected ']': node ", node, " has ",
                                                              kKeptEdges, " edges"));
      }
      return ReadEdge(reader, node, cell);
    }));
    if (cell->edges_size() != before + kKeptEdges) {
      return reader.ErrorAt(reader.position(),
                            absl::StrCat("expected ", kKeptEdges, " edges for node ", node,
                                         " before this, found ", cell->edges_size() - before));
    }
    ++node;
    return absl::OkStatus();
  });
}

absl::Status ReadEdges(Reader& reader, CellArchitecture* cell) {
  // Both forms begin with '['; what follows it tells them apart.
  Reader ahead = reader;
  PDARTS_RETURN_IF_ERROR(ahead.Expect('['));
  PDARTS_RETURN_IF_ERROR(ahead.Peek() == '[' ? ReadNestedEdges(reader, cell)
                                             : ReadFlatEdges(reader, cell));
  if (cell->edges_size() != kCellEdges) {
    return reader.ErrorAt(reader.position(),
                          absl::StrCat("expected ", kCellEdges, " edges in the ", cell->kind(),
                                       " cell before this, found ", cell->edges_size()));
  }
  return absl::OkStatus();
}

absl::Status ReadConcat(Reader& reader, CellArchitecture* cell) {
  constexpr char kWhat[] = "range(2, 6) or [2, 3, 4, 5]";
  const size_t start = reader.position();
  std::vector<std::string> numbers;
  const auto read_number = [&]() -> absl::Status {
    PDARTS_ASSIGN_OR_RETURN(const absl::string_view number, reader.Number("the number of a node"));
    numbers.emplace_back(number);
    return absl::OkStatus();
  };
  std::vector<std::string> expected;
  if (reader.Peek() == '[') {
    PDARTS_RETURN_IF_ERROR(ReadSequence(reader, '[', ']', read_number));
    for (int node = kInputNodes; node < kNodes; ++node) expected.push_back(absl::StrCat(node));
  } else {
    Reader ahead = reader;
    if (ahead.Name() != "range") return reader.Expected(kWhat);
    reader = ahead;
    PDARTS_RETURN_IF_ERROR(ReadSequence(reader, '(', ')', read_number));
    expected = {absl::StrCat(kInputNodes), absl::StrCat(kNodes)};
  }
  if (numbers != expected) {
    return reader.ErrorAt(
        start, absl::StrCat("expected ", kWhat, ": a cell's output is all of its nodes"));
  }
  for (int node = kInputNodes; node < kNodes; ++node) cell->add_concat(node);
  return absl::OkStatus();
}

constexpr std::array<absl::string_view, 4> kFields = {"normal", "normal_concat", "reduce",
                                                      "reduce_concat"};

}  // namespace

absl::StatusOr<Architecture> ParseGenotype(absl::string_view text) {
  Reader reader(text);
  const size_t start = reader.position();
  if (reader.Name() != "Genotype") {
    return reader.ErrorAt(start,
                          "expected 'Genotype(normal=..., normal_concat=..., reduce=..., "
                          "reduce_concat=...)'");
  }
  Architecture architecture;
  CellArchitecture* const normal = architecture.add_cells();
  CellArchitecture* const reduce = architecture.add_cells();
  normal->set_kind("normal");
  reduce->set_kind("reduce");
  std::array<bool, kFields.size()> seen = {};
  PDARTS_RETURN_IF_ERROR(ReadSequence(reader, '(', ')', [&]() -> absl::Status {
    const size_t name_at = reader.position();
    Reader ahead = reader;
    const absl::string_view name = ahead.Name();
    const auto field = std::find(kFields.begin(), kFields.end(), name);
    if (field == kFields.end()) {
      return reader.Expected(absl::StrCat("one of ", absl::StrJoin(kFields, ", ")));
    }
    reader = ahead;
    bool& already = seen[field - kFields.begin()];
    if (already) return reader.ErrorAt(name_at, absl::StrCat(name, " is given twice"));
    already = true;
    PDARTS_RETURN_IF_ERROR(reader.Expect('='));
    if (name == "normal") return ReadEdges(reader, normal);
    if (name == "reduce") return ReadEdges(reader, reduce);
    return ReadConcat(reader, name == "normal_concat" ? normal : reduce);
  }));
  for (size_t i = 0; i < kFields.size(); ++i) {
    if (!seen[i]) {
      return reader.ErrorAt(reader.position(),
                            absl::StrCat("expected ", kFields[i], " before this"));
    }
  }
  if (!reader.AtEnd()) return reader.Expected("the end of the text");
  return architecture;
}

std::string FormatGenotype(const Architecture& architecture, GenotypeForm form) {
  std::vector<std::string> fields;
  for (const CellArchitecture& cell : architecture.cells()) {
    std::vector<std::string> nodes;
    for (int i = 0; i < cell.edges_size(); i += kKeptEdges) {
      std::vector<std::string> pairs;
      for (int j = i; j < i + kKeptEdges; ++j) {
        pairs.push_back(
            absl::StrCat("('", cell.edges(j).operation(), "', ", cell.edges(j).from(), ")"));
      }
      std::string node = absl::StrJoin(pairs, ", ");
      nodes.push_back(form == GenotypeForm::kNested ? absl::StrCat("[", node, "]") : node);
    }
    fields.push_back(absl::StrCat(cell.kind(), "=[", absl::StrJoin(nodes, ", "), "], ", cell.kind(),
                                  "_concat=range(", kInputNodes, ", ", kNodes, ")"));
  }
  return absl::StrCat("Genotype(", absl::StrJoin(fields, ", "), ")");
}

absl::Status CheckGenotype(const Architecture& architecture) {
  for (const CellArchitecture& cell : architecture.cells()) {
    if (cell.edges_size() != kCellEdges) {
      return absl::InvalidArgumentError(
          absl::StrCat(cell.kind(), " cell: ", cell.edges_size(), " edges, expected ", kCellEdges));
    }
    for (int i = 0; i < kCellEdges; ++i) {
      const int node = kInputNodes + i / kKeptEdges;
      if (cell.edges(i).to() != node) {
        return absl::InvalidArgumentError(
            absl::StrCat(cell.kind(), " cell: edge ", i, " of the genotype goes to node ",
                         cell.edges(i).to(), ", expected ", node, ": two edges a node, in order"));
      }
      if (i % kKeptEdges == 1 && cell.edges(i).from() == cell.edges(i - 1).from()) {
        return absl::InvalidArgumentError(absl::StrCat(
            cell.kind(), " cell: node ", node, " has two edges from ", cell.edges(i).from()));
      }
    }
    bool is_all = cell.concat_size() == kIntermediateNodes;
    for (int i = 0; is_all && i < kIntermediateNodes; ++i) {
      is_all = cell.concat(i) == kInputNodes + i;
    }
    if (!is_all) {
      return absl::InvalidArgumentError(absl::StrCat(cell.kind(), " cell: the output is of nodes [",
                                                     absl::StrJoin(cell.concat(), ", "),
                                                     "], expected [2, 3, 4, 5]"));
    }
  }
  return absl::OkStatus();
}

std::vector<std::pair<std::string, std::string>> KnownGenotypes() {
  return {
      {"PDARTS",
       "Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0), "
       "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), "
       "('dil_conv_5x5', 4)], normal_concat=range(2, 6), reduce=[('avg_pool_3x3', 0), "
       "('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), "
       "('dil_conv_3x3', 1), ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)], "
       "reduce_concat=range(2, 6))"},
      {"DARTS_V1",
       "Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), "
       "('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
       "('skip_connect', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), "
       "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('max_pool_3x3', 0), "
       "('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], "
       "reduce_concat=range(2, 6))"},
      {"DARTS_V2",
       "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
       "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
       "('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), "
       "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
       "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
       "reduce_concat=range(2, 6))"},
  };
}

}  // namespace pdarts::darts
