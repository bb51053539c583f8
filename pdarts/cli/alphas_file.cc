#include "pdarts/cli/alphas_file.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/cli/numpy_file.h"

namespace pdarts {
namespace {

constexpr size_t kMostRows = 10000;
constexpr size_t kMostColumns = 1000;
/// The maximum difference between the sum of an edge's probabilities and 1. Probabilities are often
/// printed with four digits.
constexpr double kSumTolerance = 2e-3;

/// The alphas of an edge.
struct Row {
  std::optional<size_t> kind;  ///< the cell kind, if a name tells it
  std::vector<double> values;
  std::string where;  ///< for errors
};

/// The cell kind whose name is part of `text`.
std::optional<size_t> KindNamedIn(const Topology& topology, absl::string_view text) {
  for (size_t kind = 0; kind < topology.kinds.size(); ++kind) {
    if (absl::StrContains(text, topology.kinds[kind].name)) return kind;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<Row>> RowsOfArrays(const Topology& topology,
                                              const std::vector<NumpyArray>& arrays) {
  std::vector<Row> rows;
  for (const NumpyArray& array : arrays) {
    const std::string name = array.name.empty() ? "the array" : absl::StrCat("array ", array.name);
    if (array.shape.size() < 2 || array.shape.size() > 3) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " is of shape [", absl::StrJoin(array.shape, ","),
                       "], expected [edges,candidates] or [kinds,edges,candidates]"));
    }
    const auto columns = static_cast<size_t>(array.shape.back());
    for (size_t at = 0; columns > 0 && at < array.values.size(); at += columns) {
      Row& row = rows.emplace_back();
      row.kind = KindNamedIn(topology, array.name);
      row.values.assign(array.values.begin() + static_cast<int64_t>(at),
                        array.values.begin() + static_cast<int64_t>(at + columns));
      row.where = absl::StrCat(name, ", row ", at / columns + 1);
    }
  }
  return rows;
}

/// Reads the rows of a text. A row is an innermost bracket, or a line if the text has no brackets.
class TextRows {
 public:
  TextRows(const Topology& topology, absl::string_view text)
      : topology_(topology), text_(text), has_brackets_(absl::StrContains(text, '[')) {}

  absl::StatusOr<std::vector<Row>> Read() {
    for (size_t at = 0; at < text_.size();) {
      const char c = text_[at];
      if (c == '\n') {
        ++line_;
        if (!has_brackets_) PDARTS_RETURN_IF_ERROR(EndRow());
      }
      if (c == '[') {
        ++level_;
        PDARTS_RETURN_IF_ERROR(EndRow());
      } else if (c == ']') {
        level_ = std::max(0, level_ - 1);
        PDARTS_RETURN_IF_ERROR(EndRow());
      }
      if (c == '#') {
        const size_t end = std::min(text_.find('\n', at), text_.size());
        if (const auto kind = KindNamedIn(topology_, text_.substr(at, end - at))) kind_ = kind;
        at = end;
        continue;
      }
      if (!IsPartOfWord(c)) {
        ++at;
        continue;
      }
      size_t end = at;
      while (end < text_.size() && IsPartOfWord(text_[end])) ++end;
      PDARTS_RETURN_IF_ERROR(Word(text_.substr(at, end - at)));
      at = end;
    }
    PDARTS_RETURN_IF_ERROR(EndRow());
    return std::move(rows_);
  }

 private:
  static bool IsPartOfWord(char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_+-.", c);
  }

  absl::Status Word(absl::string_view word) {
    if (const std::optional<size_t> kind = KindNamedIn(topology_, word)) {
      kind_ = kind;
      return absl::OkStatus();
    }
    // Text outside of the brackets belongs to a log or to the type of a tensor.
    if (has_brackets_ && level_ == 0) return absl::OkStatus();
    double value;
    if (!absl::SimpleAtod(word, &value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", line_, ": \"", word.substr(0, 40), "\" is not a number"));
    }
    if (values_.size() == kMostColumns) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", line_, ": a row has more than ", kMostColumns, " numbers"));
    }
    values_.push_back(value);
    return absl::OkStatus();
  }

  absl::Status EndRow() {
    if (values_.empty()) return absl::OkStatus();
    if (rows_.size() == kMostRows) {
      return absl::InvalidArgumentError(absl::StrCat("there are more than ", kMostRows, " rows"));
    }
    rows_.push_back({kind_, std::move(values_), absl::StrCat("row ", rows_.size() + 1)});
    values_.clear();
    return absl::OkStatus();
  }

  const Topology& topology_;
  const absl::string_view text_;
  const bool has_brackets_;
  std::optional<size_t> kind_;
  std::vector<double> values_;
  std::vector<Row> rows_;
  int line_ = 1;
  int level_ = 0;  ///< number of open brackets
};

std::string OperationNames(const CellKind& kind, const EdgeCandidates& edge) {
  return absl::StrJoin(edge, ", ", [&](std::string* out, int operation) {
    out->append(kind.operations[operation]);
  });
}

/// The rows, separated by cell kind.
absl::StatusOr<std::vector<std::vector<Row>>> ByKind(const Topology& topology,
                                                     std::vector<Row> rows) {
  const bool all_named =
      std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.kind.has_value(); });
  std::vector<std::vector<Row>> kinds(topology.kinds.size());
  std::vector<std::string> expected;
  size_t total = 0;
  for (const CellKind& kind : topology.kinds) {
    expected.push_back(absl::StrCat(kind.edges.size(), " (", kind.name, ")"));
    total += kind.edges.size();
  }
  if (!all_named && rows.size() != total) {
    return absl::InvalidArgumentError(absl::StrCat(
        "found ", rows.size(),
        " rows of alphas, expected a row for each edge: ", absl::StrJoin(expected, " and ")));
  }
  size_t next = 0;
  for (Row& row : rows) {
    while (!all_named && kinds[next].size() == topology.kinds[next].edges.size()) ++next;
    kinds[all_named ? *row.kind : next].push_back(std::move(row));
  }
  for (size_t k = 0; k < kinds.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    if (kinds[k].size() == kind.edges.size()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("found ", kinds[k].size(), " rows of alphas for the cell kind ", kind.name,
                     ", expected ", kind.edges.size(), ", a row for each edge"));
  }
  return kinds;
}

bool AreProbabilities(const std::vector<std::vector<Row>>& kinds) {
  for (const std::vector<Row>& rows : kinds) {
    for (const Row& row : rows) {
      double sum = 0;
      for (const double value : row.values) {
        if (value < 0 || value > 1) return false;
        sum += value;
      }
      if (std::abs(sum - 1) > kSumTolerance) return false;
    }
  }
  return true;
}

std::vector<double> Softmax(const std::vector<double>& alphas) {
  const double most = *std::max_element(alphas.begin(), alphas.end());
  std::vector<double> shares;
  double sum = 0;
  for (const double alpha : alphas) {
    shares.push_back(std::exp(alpha - most));
    sum += shares.back();
  }
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace

absl::StatusOr<GivenAlphas> ReadAlphas(const Topology& topology, const Candidates& candidates,
                                       absl::string_view bytes) {
  std::vector<Row> rows;
  if (IsNumpyFile(bytes)) {
    PDARTS_ASSIGN_OR_RETURN(const std::vector<NumpyArray> arrays, ReadNumpyFile(bytes));
    PDARTS_ASSIGN_OR_RETURN(rows, RowsOfArrays(topology, arrays));
  } else {
    PDARTS_ASSIGN_OR_RETURN(rows, TextRows(topology, WithoutByteOrderMark(bytes)).Read());
  }
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::vector<Row>> kinds,
                          ByKind(topology, std::move(rows)));
  for (size_t k = 0; k < kinds.size(); ++k) {
    for (size_t e = 0; e < kinds[k].size(); ++e) {
      const Row& row = kinds[k][e];
      if (row.values.size() != candidates[k][e].size()) {
        return absl::InvalidArgumentError(
            absl::StrCat(row.where, " has ", row.values.size(), " numbers, expected ",
                         candidates[k][e].size(), ": one for each of ",
                         OperationNames(topology.kinds[k], candidates[k][e]), ", in this order"));
      }
      for (const double value : row.values) {
        if (!std::isfinite(value)) {
          return absl::InvalidArgumentError(
              absl::StrCat(row.where, " holds ", value, ", expected finite numbers"));
        }
      }
    }
  }
  const bool are_probabilities = AreProbabilities(kinds);
  GivenAlphas given;
  for (const std::vector<Row>& of_kind : kinds) {
    auto& probabilities = given.probabilities.emplace_back();
    for (const Row& row : of_kind) {
      probabilities.push_back(are_probabilities ? row.values : Softmax(row.values));
    }
  }
  given.notes.push_back(are_probabilities
                            ? "each row of the alphas adds up to 1, so they were read as "
                              "probabilities"
                            : "the alphas became probabilities by the softmax of each row");
  return given;
}

}  // namespace pdarts
