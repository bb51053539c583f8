#include "pdarts/benchmarks/nasbench201/table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/spaces/nasbench201/cell.h"

namespace pdarts::nasbench201 {
namespace {

constexpr char kArchitecture[] = "architecture";
constexpr char kSuffix[] = "_test_accuracy";

/// The fields of a line between its commas, without the spaces around them.
std::vector<absl::string_view> Fields(absl::string_view line) {
  std::vector<absl::string_view> fields = absl::StrSplit(line, ',');
  for (absl::string_view& field : fields) field = absl::StripAsciiWhitespace(field);
  return fields;
}

absl::StatusOr<std::vector<Table::Column>> ReadHeader(absl::string_view line) {
  const std::vector<absl::string_view> names = Fields(line);
  if (names[0] != kArchitecture || names.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat("the header is \"", line, "\", expected \"",
                                                   kArchitecture, ",<dataset>", kSuffix, "\""));
  }
  std::vector<Table::Column> columns;
  for (size_t i = 1; i < names.size(); ++i) {
    absl::string_view dataset = names[i];
    if (!absl::ConsumeSuffix(&dataset, kSuffix) || dataset.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the column \"", names[i], "\": expected \"<dataset>", kSuffix, "\""));
    }
    for (const Table::Column& other : columns) {
      if (other.dataset == dataset) {
        return absl::InvalidArgumentError(
            absl::StrCat("the column \"", names[i], "\" is there twice"));
      }
    }
    columns.push_back({std::string(dataset), std::vector<double>(kNumArchitectures)});
  }
  return columns;
}

/// `line_of` holds for each code the line of its row; 0 if there was no row yet.
absl::Status ReadRow(absl::string_view row, int line, std::vector<int>& line_of, Table& table) {
  const std::vector<absl::string_view> fields = Fields(row);
  if (fields.size() != table.columns.size() + 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(fields.size(), " fields, expected ", table.columns.size() + 1));
  }
  PDARTS_ASSIGN_OR_RETURN(const CellOperations cell, ParseCell(fields[0]));
  const int code = ToCode(cell);
  if (line_of[code] != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(fields[0], " has a row already, in line ", line_of[code]));
  }
  line_of[code] = line;
  table.codes.push_back(code);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    double& accuracy = table.columns[i].accuracies[code];
    if (!absl::SimpleAtod(fields[i + 1], &accuracy) || !(accuracy >= 0 && accuracy <= 100)) {
      return absl::InvalidArgumentError(absl::StrCat(table.columns[i].dataset, kSuffix, ": \"",
                                                     fields[i + 1],
                                                     "\" is not a number from 0 to 100"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> ReadTable(absl::string_view text, absl::string_view file) {
  Table table;
  std::vector<int> line_of(kNumArchitectures, 0);
  int line = 0;
  text = absl::StripSuffix(WithoutByteOrderMark(text), "\n");
  for (const absl::string_view content : absl::StrSplit(text, '\n')) {
    ++line;
    absl::Status status;
    if (line == 1) {
      absl::StatusOr<std::vector<Table::Column>> columns = ReadHeader(content);
      status = columns.status();
      if (columns.ok()) table.columns = *std::move(columns);
    } else {
      status = ReadRow(content, line, line_of, table);
    }
    PDARTS_RETURN_IF_ERROR(Annotate(status, absl::StrCat(file, ":", line)));
  }
  const auto missing = std::find(line_of.begin(), line_of.end(), 0);
  if (missing != line_of.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        file, ": ", table.codes.size(), " architectures, expected all ", kNumArchitectures, "; ",
        FormatCell(FromCode(static_cast<int>(missing - line_of.begin()))), " has no row"));
  }
  for (const Table::Column& column : table.columns) {
    const double best = *std::max_element(column.accuracies.begin(), column.accuracies.end());
    if (best <= 1) {
      return absl::InvalidArgumentError(absl::StrCat(file, ": ", column.dataset, kSuffix,
                                                     ": the best accuracy is ", best,
                                                     "; expected percent, not fractions of 1"));
    }
  }
  return table;
}

}  // namespace pdarts::nasbench201
