#include "pdarts/spaces/nasbench201/genotype.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/python_text.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/core/topology.h"

namespace pdarts::nasbench201 {
namespace {

using Kind = PythonValue::Kind;

/// The maximum depth of texts within texts, such as the quoted JSON of a log.
constexpr int kMostTexts = 4;
/// Entries of a dict that can hold an architecture.
constexpr std::array<absl::string_view, 5> kHolders = {"genotype", "text", "architecture", "arch",
                                                       "arch_str"};

/// The error with its column, and with its line if that is not the first line.
absl::Status Wrong(absl::string_view text, const TextError& error) {
  if (absl::StrContains(text.substr(0, error.place), '\n')) {
    return ErrorAt(text, error.place, error.message);
  }
  return absl::InvalidArgumentError(absl::StrCat("column ", error.place + 1, ": ", error.message));
}

absl::Status Wrong(absl::string_view text, size_t place, absl::string_view message) {
  return Wrong(text, TextError{place, std::string(message)});
}

/// "expected '|'" at a place where another character is.
absl::Status ExpectedCell(absl::string_view text, size_t place) {
  const std::string found =
      place < text.size() ? absl::StrCat("'", text.substr(place, 1), "'") : "the end of the text";
  return Wrong(text, place, absl::StrCat("expected '|', found ", found));
}

bool HoldsNumbersOnly(const PythonValue& value) {
  return value.is(Kind::kNumber) ||
         (value.is(Kind::kSequence) && !value.items.empty() &&
          std::all_of(value.items.begin(), value.items.end(), HoldsNumbersOnly));
}

bool IsListOfTexts(const PythonValue& value) {
  return !value.items.empty() &&
         std::all_of(value.items.begin(), value.items.end(),
                     [](const PythonValue& item) { return item.is(Kind::kText); });
}

/// Reads `(op, input)` into its edge of the cell. `seen` tells which edges were read before.
absl::Status ReadEdge(absl::string_view text, const PythonValue& value, int node,
                      std::array<bool, kNumEdges>* seen, CellOperations* cell) {
  const CellKind& kind = NasBench201Topology().kinds[0];
  if (!value.is(Kind::kSequence) || value.items.size() != 2 || !value.items[0].is(Kind::kText)) {
    return Wrong(text, value.begin,
                 absl::StrCat("expected an edge, such as ('nor_conv_3x3', 0), found ",
                              FoundAt(text, value.begin)));
  }
  const PythonValue& name = value.items[0];
  const int operation = ::pdarts::OperationIndex(kind, name.text);
  if (operation < 0) {
    return Wrong(text, name.begin,
                 absl::StrCat("unknown operation '", name.text,
                              "'; known: ", absl::StrJoin(kind.operations, ", ")));
  }
  const PythonValue& input = value.items[1];
  int from = -1;
  if (!input.is(Kind::kNumber) || !absl::SimpleAtoi(input.text, &from) || from < 0 ||
      from >= node) {
    return Wrong(text, input.begin,
                 absl::StrCat("node ", node, " takes an input from 0 to ", node - 1, ", found ",
                              FoundAt(text, input.begin)));
  }
  const auto edge =
      std::find(kind.edges.begin(), kind.edges.end(), Edge{from, node}) - kind.edges.begin();
  if ((*seen)[edge]) {
    return Wrong(text, input.begin,
                 absl::StrCat("node ", node, " already has an edge from ", from));
  }
  (*seen)[edge] = true;
  (*cell)[edge] = operation;
  return absl::OkStatus();
}

/// Reads `[[(op, 0)], [(op, 0), (op, 1)], [(op, 0), (op, 1), (op, 2)]]`.
absl::StatusOr<CellOperations> ReadNodes(absl::string_view text, const PythonValue& value) {
  if (HoldsNumbersOnly(value)) {
    return Wrong(text, value.begin,
                 "these numbers are ambiguous, because programs number the operations and edges of "
                 "NAS-Bench-201 in different orders; write the operations by name, as in "
                 "|nor_conv_3x3~0|+|...");
  }
  if (IsListOfTexts(value)) {
    return Wrong(text, value.begin,
                 "this list of operations is ambiguous, because programs list the edges of "
                 "NAS-Bench-201 in different orders; write them with their inputs, as in "
                 "|nor_conv_3x3~0|+|...");
  }
  if (value.items.size() != kNodes - 1) {
    return Wrong(text, value.begin,
                 absl::StrCat("expected the edges of ", kNodes - 1, " nodes, found a list of ",
                              value.items.size()));
  }
  CellOperations cell = {};
  std::array<bool, kNumEdges> seen = {};
  for (int node = 1; node < kNodes; ++node) {
    const PythonValue& edges = value.items[node - 1];
    if (!edges.is(Kind::kSequence) || static_cast<int>(edges.items.size()) != node) {
      return Wrong(text, edges.begin,
                   absl::StrCat("expected a list of ", node, node == 1 ? " edge" : " edges",
                                " into node ", node));
    }
    for (const PythonValue& edge : edges.items) {
      PDARTS_RETURN_IF_ERROR(ReadEdge(text, edge, node, &seen, &cell));
    }
  }
  return cell;
}

absl::StatusOr<CellOperations> ReadText(absl::string_view text, int depth);

absl::StatusOr<CellOperations> ReadValue(absl::string_view text, const PythonValue& value,
                                         int depth) {
  if (value.is(Kind::kText)) return ReadText(value.text, depth + 1);
  if (value.is(Kind::kSequence)) return ReadNodes(text, value);
  if (!value.is(Kind::kDict)) return ExpectedCell(text, value.begin);
  for (const absl::string_view holder : kHolders) {
    const auto place = std::find(value.keys.begin(), value.keys.end(), holder);
    if (place != value.keys.end()) {
      return ReadValue(text, value.items[place - value.keys.begin()], depth);
    }
  }
  return Wrong(
      text, value.begin,
      absl::StrCat("expected a dict with one of the entries ", absl::StrJoin(kHolders, ", ")));
}

/// Reads a text that contains exactly one architecture and no '|'.
absl::StatusOr<CellOperations> ReadWithoutBars(absl::string_view text, int depth) {
  size_t begin = SkipPythonSpace(text, 0);
  if (begin >= text.size() || !absl::StrContains("([{'\"", text[begin])) {
    const std::vector<PythonDefinition> definitions = FindAssignments(text);
    if (definitions.size() != 1) return ExpectedCell(text, begin);
    begin = definitions[0].begin;
  }
  const PythonReading reading = ReadPythonValue(text, begin);
  if (reading.error) return Wrong(text, *reading.error);
  return ReadValue(text, reading.value, depth);
}

/// Whether a '|' may begin a cell, because it does not end an edge.
bool MayBegin(absl::string_view text, size_t place) {
  if (place == 0) return true;
  const char before = text[place - 1];
  return !absl::ascii_isalnum(static_cast<unsigned char>(before)) &&
         !absl::StrContains("_~+|", before);
}

absl::StatusOr<CellOperations> ReadText(absl::string_view text, int depth) {
  text = WithoutByteOrderMark(text);
  if (depth > kMostTexts) {
    return absl::InvalidArgumentError("texts are quoted within each other too often");
  }
  if (!absl::StrContains(text, '|')) return ReadWithoutBars(text, depth);
  // The text before a cell is its name, or belongs to a log.
  std::optional<CellOperations> found;
  std::optional<TextError> error;
  for (size_t place = text.find('|'); place != absl::string_view::npos;) {
    if (!MayBegin(text, place)) {
      place = text.find('|', place + 1);
      continue;
    }
    CellReading reading = ReadCellAt(text, place);
    if (!reading.error && reading.end < text.size() &&
        absl::StrContains("|+~", text[reading.end])) {
      reading.error = TextError{reading.end, absl::StrCat("expected the end of the text, found '",
                                                          text.substr(reading.end, 1), "'")};
    }
    if (!reading.error) {
      if (found && *found != reading.operations) {
        return absl::InvalidArgumentError(
            "the text holds several architectures that differ; name one of them, as in FILE:NAME");
      }
      found = reading.operations;
    } else if (!error) {
      error = reading.error;
    }
    place = text.find('|', std::max(reading.end, place + 1));
  }
  if (found) return *found;
  if (error) return Wrong(text, *error);
  return ExpectedCell(text, SkipPythonSpace(text, 0));
}

}  // namespace

absl::StatusOr<CellOperations> ParseGenotype(absl::string_view text) {
  return ReadText(text, /*depth=*/0);
}

}  // namespace pdarts::nasbench201
