#include "pdarts/spaces/darts/genotype.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pdarts/base/python_text.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/core/reading_notes.h"
#include "pdarts/spaces/darts/cells.h"

namespace pdarts::darts {
namespace {

constexpr int kCellEdges = kIntermediateNodes * kKeptEdges;
/// The maximum depth of texts within texts, such as a genotype in the JSON of a log that is quoted
/// itself.
constexpr int kMostTexts = 4;

constexpr char kFunction[] = "Genotype";
constexpr char kExpected[] =
    "expected 'Genotype(normal=..., normal_concat=..., reduce=..., reduce_concat=...)'";
/// The fields in their order.
constexpr std::array<absl::string_view, 4> kFields = {"normal", "normal_concat", "reduce",
                                                      "reduce_concat"};
/// Fields of AutoDL-Projects that say nothing about the cell.
constexpr std::array<absl::string_view, 2> kIgnoredFields = {"connectN", "connects"};
/// Entries of a dict that can hold a genotype.
constexpr std::array<absl::string_view, 4> kHolders = {"genotype", "text", "architecture", "arch"};
/// The operations that belong to NASLib's numbers, from 0.
constexpr std::array<absl::string_view, 7> kNaslibOperations = {
    "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3",
    "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"};
/// The names of the operation on an edge and of the inputs of a node in NAS-Bench-301.
constexpr char kBench301Edge[] = "edge_";
constexpr char kBench301Inputs[] = "inputs_node_";

using Kind = PythonValue::Kind;

template <class Names>
bool Holds(const Names& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether a function in a call around a single value only tells the type of the value.
bool IsTypeName(absl::string_view function) {
  return Holds(std::array<absl::string_view, 7>{"str", "str_", "list", "tuple", "array", "asarray",
                                                "tensor"},
               function) ||
         absl::StartsWith(function, "int") || absl::StartsWith(function, "uint") ||
         absl::StartsWith(function, "float");
}

/// The value without calls that only tell its type: 3 for `np.int64(3)`.
const PythonValue& Bare(const PythonValue& value) {
  const PythonValue* bare = &value;
  while (bare->is(Kind::kCall) && !bare->items.empty() && bare->keys[0].empty() &&
         IsTypeName(bare->function())) {
    bare = &bare->items[0];
  }
  return *bare;
}

/// Converts a value to an architecture. One object converts one value.
class Interpreter {
 public:
  Interpreter(absl::string_view text, int depth) : text_(text), depth_(depth) {}

  absl::StatusOr<Architecture> Interpret(const PythonReading& reading);
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  absl::Status Fail(size_t place, absl::string_view message) {
    failed_at_ = place;
    return ErrorAt(text_, place, message);
  }
  absl::Status FailExpected(size_t place, absl::string_view what) {
    return Fail(place, absl::StrCat("expected ", what, ", found ", FoundAt(text_, place)));
  }

  absl::Status Whole(const PythonValue& value);
  absl::Status Fields(const PythonValue& value);
  absl::Status Sequence(const PythonValue& value);
  absl::Status Dict(const PythonValue& value);
  absl::Status Text(const PythonValue& value);
  absl::Status Bench301(const PythonValue& value);
  absl::Status Bench301Cell(const PythonValue& value, CellArchitecture* cell);
  absl::Status Cell(const PythonValue& value, CellArchitecture* cell);
  absl::Status FlatEdges(const PythonValue& value, CellArchitecture* cell);
  absl::Status NestedEdges(const PythonValue& value, CellArchitecture* cell);
  absl::Status ReadEdge(const PythonValue& value, int node, CellArchitecture* cell);
  absl::Status EdgeOfDict(const PythonValue& value, int node, CellArchitecture* cell);
  absl::Status AddEdge(const PythonValue& operation, const PythonValue& from, int node,
                       CellArchitecture* cell);
  absl::Status Concat(absl::string_view field, const PythonValue& value);

  const absl::string_view text_;
  const int depth_;
  Architecture architecture_;
  std::vector<std::string> notes_;
  bool has_numbers_ = false;
  size_t failed_at_ = 0;
};

absl::StatusOr<Architecture> ReadText(absl::string_view text, int depth,
                                      std::vector<std::string>* notes);

/// Whether a value is an edge, and not a list of edges.
bool IsEdge(const PythonValue& value) {
  const PythonValue& bare = Bare(value);
  if (bare.is(Kind::kDict)) return true;
  if (!bare.is(Kind::kSequence) || bare.items.empty()) return false;
  const PythonValue& first = Bare(bare.items[0]);
  return !first.is(Kind::kSequence) && !first.is(Kind::kDict);
}

/// Whether a value lists the nodes that form the output of a cell.
bool IsConcat(const PythonValue& value) {
  if (value.is(Kind::kCall) && value.function() == "range") return true;
  const PythonValue& bare = Bare(value);
  return (bare.is(Kind::kCall) && bare.function() == "range") ||
         (bare.is(Kind::kSequence) &&
          std::all_of(bare.items.begin(), bare.items.end(),
                      [](const PythonValue& item) { return Bare(item).is(Kind::kNumber); }));
}

bool EndsWithNumber(absl::string_view key, absl::string_view before, int* number) {
  const size_t at = key.rfind(before);
  return at != absl::string_view::npos && absl::SimpleAtoi(key.substr(at + before.size()), number);
}

bool IsBench301(const PythonValue& dict) {
  return std::any_of(dict.keys.begin(), dict.keys.end(), [](absl::string_view key) {
    int number;
    return EndsWithNumber(key, "edge_normal_", &number) ||
           EndsWithNumber(key, "edge_reduce_", &number);
  });
}

absl::StatusOr<Architecture> Interpreter::Interpret(const PythonReading& reading) {
  architecture_.add_cells()->set_kind("normal");
  architecture_.add_cells()->set_kind("reduce");
  const absl::Status status = Whole(reading.value);
  if (reading.error && (status.ok() || reading.error->place <= failed_at_)) {
    return ErrorAt(text_, reading.error->place, reading.error->message);
  }
  PDARTS_RETURN_IF_ERROR(status);
  for (CellArchitecture& cell : *architecture_.mutable_cells()) {
    for (int node = kInputNodes; node < kNodes; ++node) cell.add_concat(node);
  }
  if (has_numbers_) {
    std::vector<std::string> order;
    for (const absl::string_view operation : kNaslibOperations) {
      order.push_back(absl::StrCat(order.size(), " ", operation));
    }
    notes_.push_back(
        absl::StrCat("the genotype's operations are numbers, and were read in NASLib's order (",
                     absl::StrJoin(order, ", "), "); other programs number them in other orders"));
  }
  return std::move(architecture_);
}

absl::Status Interpreter::Whole(const PythonValue& value) {
  switch (value.kind) {
    case Kind::kText:
      return Text(value);
    case Kind::kSequence:
      return Sequence(value);
    case Kind::kDict:
      return Dict(value);
    case Kind::kCall:
      if (value.function() == kFunction) return Fields(value);
      [[fallthrough]];
    default:
      return Fail(value.begin, kExpected);
  }
}

absl::Status Interpreter::Text(const PythonValue& value) {
  absl::StatusOr<Architecture> inner = ReadText(value.text, depth_ + 1, &notes_);
  if (!inner.ok()) {
    return Fail(value.begin,
                absl::StrCat("in the text that begins here: ", inner.status().message()));
  }
  architecture_ = std::move(*inner);
  for (CellArchitecture& cell : *architecture_.mutable_cells()) cell.clear_concat();
  return absl::OkStatus();
}

absl::Status Interpreter::Dict(const PythonValue& value) {
  if (IsBench301(value)) return Bench301(value);
  if (Holds(value.keys, kFields[0]) || Holds(value.keys, kFields[2])) return Fields(value);
  for (const absl::string_view holder : kHolders) {
    const auto place = std::find(value.keys.begin(), value.keys.end(), holder);
    if (place == value.keys.end()) continue;
    return Whole(value.items[place - value.keys.begin()]);
  }
  return Fail(value.begin,
              absl::StrCat("expected a dict with the entries normal and reduce, with one of ",
                           absl::StrJoin(kHolders, ", "),
                           ", or with those of a configuration of NAS-Bench-301"));
}

absl::Status Interpreter::Sequence(const PythonValue& value) {
  const size_t size = value.items.size();
  if (size == 2) {
    for (int kind = 0; kind < 2; ++kind) {
      PDARTS_RETURN_IF_ERROR(Cell(value.items[kind], architecture_.mutable_cells(kind)));
    }
    return absl::OkStatus();
  }
  if (size == kFields.size() && IsConcat(value.items[1]) && IsConcat(value.items[3])) {
    for (size_t i = 0; i < size; i += 2) {
      PDARTS_RETURN_IF_ERROR(
          Cell(value.items[i], architecture_.mutable_cells(static_cast<int>(i / 2))));
      PDARTS_RETURN_IF_ERROR(Concat(kFields[i + 1], value.items[i + 1]));
    }
    return absl::OkStatus();
  }
  return Fail(size < 2 ? value.end : value.begin,
              absl::StrCat("expected two cells, normal and reduce, found a list of ", size,
                           size == 1 ? " element" : " elements"));
}

absl::Status Interpreter::Fields(const PythonValue& value) {
  std::array<bool, kFields.size()> seen = {};
  // Two arguments without names are the two cells, or a cell and its output. The second argument
  // decides.
  const bool cells_only = value.is(Kind::kCall) && value.items.size() == 2 &&
                          value.keys[0].empty() && value.keys[1].empty() &&
                          !IsConcat(value.items[1]);
  for (size_t i = 0; i < value.items.size(); ++i) {
    std::string name = value.keys[i];
    if (value.is(Kind::kCall) && name.empty()) {
      const size_t field = cells_only ? 2 * i : i;
      if (field >= kFields.size()) {
        return FailExpected(value.items[i].begin, "')' after four fields");
      }
      name = std::string(kFields[field]);
    }
    const auto field = std::find(kFields.begin(), kFields.end(), name);
    if (field == kFields.end()) {
      if (Holds(kIgnoredFields, name)) continue;
      return FailExpected(value.key_places[i],
                          absl::StrCat("one of ", absl::StrJoin(kFields, ", ")));
    }
    bool& already = seen[field - kFields.begin()];
    if (already) return Fail(value.key_places[i], absl::StrCat(name, " is given twice"));
    already = true;
    const PythonValue& item = value.items[i];
    if (name == kFields[0] || name == kFields[2]) {
      PDARTS_RETURN_IF_ERROR(Cell(item, architecture_.mutable_cells(name == kFields[0] ? 0 : 1)));
    } else {
      PDARTS_RETURN_IF_ERROR(Concat(name, item));
    }
  }
  for (const size_t field : {0, 2}) {
    if (!seen[field]) {
      return Fail(value.end, absl::StrCat("expected ", kFields[field], " before this"));
    }
  }
  return absl::OkStatus();
}

absl::Status Interpreter::Cell(const PythonValue& value, CellArchitecture* cell) {
  const PythonValue& list = Bare(value);
  if (!list.is(Kind::kSequence)) return FailExpected(list.begin, "a list of edges");
  PDARTS_RETURN_IF_ERROR(list.items.empty() || IsEdge(list.items[0]) ? FlatEdges(list, cell)
                                                                     : NestedEdges(list, cell));
  if (cell->edges_size() != kCellEdges) {
    return Fail(list.end, absl::StrCat("expected ", kCellEdges, " edges in the ", cell->kind(),
                                       " cell before this, found ", cell->edges_size()));
  }
  return absl::OkStatus();
}

absl::Status Interpreter::FlatEdges(const PythonValue& value, CellArchitecture* cell) {
  for (const PythonValue& item : value.items) {
    if (cell->edges_size() == kCellEdges) {
      return Fail(item.begin, absl::StrCat("expected '", std::string(1, value.closing()),
                                           "': a cell has ", kCellEdges, " edges"));
    }
    PDARTS_RETURN_IF_ERROR(ReadEdge(item, kInputNodes + cell->edges_size() / kKeptEdges, cell));
  }
  return absl::OkStatus();
}

absl::Status Interpreter::NestedEdges(const PythonValue& value, CellArchitecture* cell) {
  int node = kInputNodes;
  for (const PythonValue& item : value.items) {
    const PythonValue& edges = Bare(item);
    if (node == kNodes) {
      return Fail(edges.begin,
                  absl::StrCat("expected '", std::string(1, value.closing()), "': a cell has ",
                               kIntermediateNodes, " nodes with edges"));
    }
    if (!edges.is(Kind::kSequence)) return FailExpected(edges.begin, "a list of a node's edges");
    const int before = cell->edges_size();
    for (const PythonValue& edge : edges.items) {
      if (cell->edges_size() == before + kKeptEdges) {
        return Fail(edge.begin, absl::StrCat("expected '", std::string(1, edges.closing()),
                                             "': node ", node, " has ", kKeptEdges, " edges"));
      }
      PDARTS_RETURN_IF_ERROR(ReadEdge(edge, node, cell));
    }
    if (cell->edges_size() != before + kKeptEdges) {
      return Fail(edges.end, absl::StrCat("expected ", kKeptEdges, " edges for node ", node,
                                          " before this, found ", cell->edges_size() - before));
    }
    ++node;
  }
  return absl::OkStatus();
}

absl::Status Interpreter::ReadEdge(const PythonValue& value, int node, CellArchitecture* cell) {
  const PythonValue& edge = Bare(value);
  if (edge.is(Kind::kDict)) return EdgeOfDict(edge, node, cell);
  if (!edge.is(Kind::kSequence)) {
    return FailExpected(edge.begin, "an edge, such as ('skip_connect', 0)");
  }
  if (edge.items.size() < 2) {
    return edge.items.empty() ? FailExpected(edge.end, "an operation and the number of a node")
                              : AddEdge(edge.items[0], edge, node, cell);
  }
  const bool has_text = Bare(edge.items[0]).is(Kind::kText);
  for (size_t i = 2; i < edge.items.size(); ++i) {
    // A third number is the weight of the edge.
    if (i == 2 && has_text && Bare(edge.items[i]).is(Kind::kNumber)) continue;
    return FailExpected(edge.items[i].begin,
                        absl::StrCat("'", std::string(1, edge.closing()), "'",
                                     i == 2 && has_text ? " or the edge's weight" : ""));
  }
  // The node may come before the operation. If both are numbers, the first one is the node.
  const bool node_first = Bare(edge.items[0]).is(Kind::kNumber);
  return AddEdge(edge.items[node_first ? 1 : 0], edge.items[node_first ? 0 : 1], node, cell);
}

absl::Status Interpreter::EdgeOfDict(const PythonValue& value, int node, CellArchitecture* cell) {
  const PythonValue* operation = nullptr;
  const PythonValue* from = nullptr;
  for (size_t i = 0; i < value.items.size(); ++i) {
    const std::string& key = value.keys[i];
    if (key == "op" || key == "operation") {
      operation = &value.items[i];
    } else if (key == "input" || key == "from") {
      from = &value.items[i];
    } else if (key != "weight") {
      return FailExpected(value.key_places[i], "one of op, input, weight");
    }
  }
  if (operation == nullptr || from == nullptr) {
    return Fail(value.end, absl::StrCat("expected ", operation == nullptr ? "op" : "input",
                                        " before this, in {\"op\": ..., \"input\": ...}"));
  }
  return AddEdge(*operation, *from, node, cell);
}

absl::Status Interpreter::AddEdge(const PythonValue& operation, const PythonValue& from, int node,
                                  CellArchitecture* cell) {
  const std::vector<std::string>& operations = DartsTopology().kinds[kNormal].operations;
  const PythonValue& given = Bare(operation);
  absl::string_view name = given.text;
  if (given.is(Kind::kNumber)) {
    size_t number = 0;
    if (!absl::SimpleAtoi(given.text, &number) || number >= kNaslibOperations.size()) {
      return Fail(
          given.begin,
          absl::StrCat("expected an operation in quotes, or its number from 0 to ",
                       kNaslibOperations.size() - 1, " in NASLib's order, found ", given.text));
    }
    name = kNaslibOperations[number];
    has_numbers_ = true;
  } else if (!given.is(Kind::kText)) {
    return FailExpected(given.begin, "an operation in quotes");
  }
  if (!Holds(operations, name)) {
    return Fail(given.begin, absl::StrCat("unknown operation '", name,
                                          "'; known: ", absl::StrJoin(operations, ", ")));
  }
  const PythonValue& input = Bare(from);
  // If an edge has only one element, ReadEdge passes the edge itself in the place of the missing
  // second element.
  if (input.is(Kind::kSequence)) return FailExpected(input.end, "the number of a node before this");
  if (!input.is(Kind::kNumber)) return FailExpected(input.begin, "the number of a node");
  int number = -1;
  if (!absl::SimpleAtoi(input.text, &number) || number < 0 || number >= node) {
    return Fail(input.begin, absl::StrCat("node ", node, " takes an input from 0 to ", node - 1,
                                          ", found ", input.text));
  }
  for (const ArchitectureEdge& edge : cell->edges()) {
    if (edge.to() == node && edge.from() == number) {
      return Fail(input.begin, absl::StrCat("node ", node, " already has an edge from ", number));
    }
  }
  ArchitectureEdge* const edge = cell->add_edges();
  edge->set_from(number);
  edge->set_to(node);
  edge->set_operation(std::string(name));
  return absl::OkStatus();
}

absl::Status Interpreter::Concat(absl::string_view field, const PythonValue& value) {
  if (value.is(Kind::kName) && (value.text == "None" || value.text == "null")) {
    return absl::OkStatus();
  }
  const PythonValue& list = Bare(value);
  const bool is_range = list.is(Kind::kCall) && list.function() == "range";
  std::vector<int> nodes;
  bool fits = is_range || list.is(Kind::kSequence);
  for (const PythonValue& item : list.items) {
    int node = -1;
    fits = fits && absl::SimpleAtoi(Bare(item).text, &node);
    nodes.push_back(node);
  }
  if (is_range) {
    fits = fits && nodes == std::vector<int>{kInputNodes, kNodes};
  } else if (fits) {
    std::vector<int> sorted = nodes, all(kIntermediateNodes);
    std::sort(sorted.begin(), sorted.end());
    std::iota(all.begin(), all.end(), kInputNodes);
    fits = sorted == all;
    if (fits && nodes != all) {
      notes_.push_back(absl::StrCat(field, " lists the nodes as [", absl::StrJoin(nodes, ", "),
                                    "]: it is the cell of [", absl::StrJoin(all, ", "),
                                    "] with its output's channels in another order"));
    }
  }
  if (fits) return absl::OkStatus();
  return Fail(value.begin,
              "expected range(2, 6) or [2, 3, 4, 5]: a cell's output is all of its nodes");
}

absl::Status Interpreter::Bench301(const PythonValue& value) {
  for (CellArchitecture& cell : *architecture_.mutable_cells()) {
    PDARTS_RETURN_IF_ERROR(Bench301Cell(value, &cell));
  }
  return absl::OkStatus();
}

absl::Status Interpreter::Bench301Cell(const PythonValue& value, CellArchitecture* cell) {
  const std::string edge_prefix = absl::StrCat(kBench301Edge, cell->kind(), "_");
  const std::string inputs_prefix = absl::StrCat(kBench301Inputs, cell->kind(), "_");
  std::map<int, const PythonValue*> operations, inputs;
  for (size_t i = 0; i < value.items.size(); ++i) {
    int number;
    if (EndsWithNumber(value.keys[i], edge_prefix, &number)) {
      operations[number] = &value.items[i];
    } else if (EndsWithNumber(value.keys[i], inputs_prefix, &number)) {
      inputs[number] = &value.items[i];
    }
  }
  const std::vector<Edge>& edges = DartsTopology().kinds[kNormal].edges;
  for (int node = kInputNodes; node < kNodes; ++node) {
    std::vector<int> from = {0, 1};  // the first node can only have these inputs
    if (node > kInputNodes) {
      const auto entry = inputs.find(node);
      if (entry == inputs.end()) {
        return Fail(value.end, absl::StrCat("expected ", inputs_prefix, node, " before this"));
      }
      from.clear();
      for (const absl::string_view part : absl::StrSplit(entry->second->text, '_')) {
        int number = -1;
        if (absl::SimpleAtoi(part, &number) && number >= 0 && number < node) from.push_back(number);
      }
      const auto parts =
          std::count(entry->second->text.begin(), entry->second->text.end(), '_') + 1;
      if (parts != kKeptEdges || from.size() != kKeptEdges || from[0] == from[1]) {
        return Fail(
            entry->second->begin,
            absl::StrCat(inputs_prefix, node, ": \"", entry->second->text,
                         "\" are not two numbers from 0 to ", node - 1, " with _ between them"));
      }
    }
    for (const int input : from) {
      const auto edge = std::find(edges.begin(), edges.end(), Edge{input, node});
      const auto number = static_cast<int>(edge - edges.begin());
      const auto operation = operations.find(number);
      if (operation == operations.end()) {
        return Fail(value.end, absl::StrCat("expected ", edge_prefix, number, ", the edge ", input,
                                            " -> ", node, ", before this"));
      }
      PythonValue source;
      source.kind = Kind::kNumber;
      source.text = absl::StrCat(input);
      source.begin = operation->second->begin;
      PDARTS_RETURN_IF_ERROR(AddEdge(*operation->second, source, node, cell));
    }
  }
  return absl::OkStatus();
}

/// Whether the text after a definition is not a continuation of the definition.
bool MayFollow(absl::string_view text, size_t end) {
  return end >= text.size() || !absl::StrContains("()[]{}=+*/", text[end]);
}

/// Finds the values in a text that may be genotypes.
std::vector<PythonDefinition> Definitions(absl::string_view text) {
  const size_t begin = SkipPythonSpace(text, 0);
  if (begin < text.size() && absl::StrContains("([{'\"", text[begin])) {
    const PythonReading whole = ReadPythonValue(text, begin);
    if (!whole.error && whole.value.end == text.size()) return {{"", begin}};
  }
  std::vector<PythonDefinition> calls = FindCalls(text, kFunction);
  if (!calls.empty()) return calls;
  if (begin < text.size() && absl::StrContains("([{", text[begin])) return {{"", begin}};
  return FindAssignments(text);
}

absl::StatusOr<Architecture> ReadDefinition(absl::string_view text, size_t begin, int depth,
                                            std::vector<std::string>* notes) {
  const PythonReading reading = ReadPythonValue(text, begin);
  Interpreter interpreter(text, depth);
  PDARTS_ASSIGN_OR_RETURN(Architecture architecture, interpreter.Interpret(reading));
  if (!MayFollow(text, reading.value.end)) {
    return ErrorAt(
        text, reading.value.end,
        absl::StrCat("expected the end of the text, found ", FoundAt(text, reading.value.end)));
  }
  notes->insert(notes->end(), interpreter.notes().begin(), interpreter.notes().end());
  return architecture;
}

absl::Status Several(const std::vector<PythonDefinition>& definitions) {
  std::vector<std::string> names;
  for (const PythonDefinition& definition : definitions) {
    if (!definition.name.empty() && !Holds(names, definition.name))
      names.push_back(definition.name);
  }
  if (names.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the text holds ", definitions.size(), " architectures that differ; expected one",
        names.empty() ? "" : absl::StrCat("; FILE:", names[0], " takes the last one")));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the text defines several architectures; name one of them, as in FILE:", names.back(), ": ",
      absl::StrJoin(names, ", ")));
}

absl::StatusOr<Architecture> ReadText(absl::string_view text, int depth,
                                      std::vector<std::string>* notes) {
  text = WithoutByteOrderMark(text);
  const size_t begin = SkipPythonSpace(text, 0);
  if (depth > kMostTexts) {
    return ErrorAt(text, begin, "texts are quoted within each other too often");
  }
  std::vector<PythonDefinition> definitions = Definitions(text);
  if (std::any_of(definitions.begin(), definitions.end(),
                  [](const PythonDefinition& definition) { return !definition.name.empty(); })) {
    // A program also calls Genotype in its functions, without a name and with other values.
    definitions.erase(
        std::remove_if(definitions.begin(), definitions.end(),
                       [](const PythonDefinition& definition) { return definition.name.empty(); }),
        definitions.end());
  }
  if (definitions.empty()) return ErrorAt(text, begin, kExpected);
  if (definitions.size() > kMostDefinitions) {
    return ErrorAt(text, begin,
                   absl::StrCat("the text holds more than ", kMostDefinitions, " architectures"));
  }
  absl::StatusOr<Architecture> first = ReadDefinition(text, definitions[0].begin, depth, notes);
  for (size_t i = 1; i < definitions.size(); ++i) {
    std::vector<std::string> own_notes;
    const auto other = ReadDefinition(text, definitions[i].begin, depth, &own_notes);
    if (!first.ok() || !other.ok() ||
        FormatGenotype(*other, GenotypeForm::kFlat) !=
            FormatGenotype(*first, GenotypeForm::kFlat)) {
      return Several(definitions);
    }
  }
  return first;
}

/// The first of the isomorphic forms of a cell, sorted by their edges.
CellArchitecture CanonicalCell(const CellArchitecture& cell) {
  using NodeEdge = std::tuple<int, int, std::string>;  // to, from, operation
  std::vector<NodeEdge> best;
  std::array<int, kNodes> number;  // [node] the number of the node in the form
  std::iota(number.begin(), number.end(), 0);
  do {
    std::vector<NodeEdge> edges;
    for (const ArchitectureEdge& edge : cell.edges()) {
      edges.emplace_back(number[edge.to()], number[edge.from()], edge.operation());
    }
    if (std::any_of(edges.begin(), edges.end(),
                    [](const NodeEdge& edge) { return std::get<1>(edge) >= std::get<0>(edge); })) {
      continue;
    }
    std::sort(edges.begin(), edges.end());
    if (best.empty() || edges < best) best = std::move(edges);
  } while (std::next_permutation(number.begin() + kInputNodes, number.end()));
  CellArchitecture canonical = cell;
  canonical.clear_edges();
  for (const auto& [to, from, operation] : best) {
    ArchitectureEdge* const edge = canonical.add_edges();
    edge->set_from(from);
    edge->set_to(to);
    edge->set_operation(operation);
  }
  return canonical;
}

}  // namespace

absl::StatusOr<Architecture> ParseGenotype(absl::string_view text) {
  std::vector<std::string> notes;
  PDARTS_ASSIGN_OR_RETURN(Architecture architecture, ReadText(text, /*depth=*/0, &notes));
  for (std::string& note : notes) ReadingNotes::Add(std::move(note));
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
        return absl::InvalidArgumentError(absl::StrCat(
            cell.kind(), " cell: edge ", i, " of the genotype goes to node ", cell.edges(i).to(),
            ", expected ", node, ": two edges for each node, in order"));
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

std::string CanonicalGenotype(const Architecture& architecture) {
  Architecture canonical = architecture;
  for (int i = 0; i < architecture.cells_size(); ++i) {
    *canonical.mutable_cells(i) = CanonicalCell(architecture.cells(i));
  }
  return FormatGenotype(canonical, GenotypeForm::kFlat);
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
      {"PC_DARTS_CIFAR10",
       "Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), "
       "('dil_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), "
       "('dil_conv_3x3', 1)], normal_concat=range(2, 6), reduce=[('sep_conv_5x5', 1), "
       "('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 0), "
       "('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('sep_conv_3x3', 2)], "
       "reduce_concat=range(2, 6))"},
  };
}

}  // namespace pdarts::darts
