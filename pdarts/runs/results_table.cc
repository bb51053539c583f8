#include "pdarts/runs/results_table.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "glog/logging.h"
#include "google/protobuf/text_format.h"
#include "pdarts/base/csv.h"
#include "pdarts/runs/markdown_table.h"
#include "pdarts/runs/result_groups.h"
#include "pdarts/runs/search_decision.h"

namespace pdarts {

extern const char* const kPublishedResults;

namespace {

constexpr char kTop5[] = "_top5";

constexpr char kMeanNote[] =
    "\nMean ± standard deviation of a sample (the sum of squares is divided by n - 1).\n";

constexpr char kAgreementNote[] =
    "Agreement of the seeds: the correlation of the log probabilities at the end of each stage, "
    "over the candidates that two searches have; the mean of all pairs. If it is close to 0, the "
    "seed decides.\n";

struct Column {
  std::string name;
  std::function<std::string(const ResultsRow&)> text;  ///< empty if the row has no value
};

std::string FieldText(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!reflection.HasField(message, &field)) return "";
  if (field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
    return reflection.GetString(message, &field);
  }
  return absl::StrCat(reflection.GetDouble(message, &field));
}

/// A column of a field of RunResult. Top-5 accuracies are left out where they are always 100%.
Column FieldColumn(const google::protobuf::FieldDescriptor& field) {
  return {field.name(), [&field](const ResultsRow& row) -> std::string {
            if (absl::EndsWith(field.name(), kTop5) && !HasTop5(row.result())) return "";
            return FieldText(row.result(), field);
          }};
}

/// The fields of RunResult up to search_cost_s, in their order: the published columns.
std::vector<Column> PublishedColumns() {
  std::vector<Column> columns;
  const google::protobuf::Descriptor& type = *RunResult::descriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *type.field(i);
    if (field.number() > RunResult::kSearchCostSFieldNumber) continue;
    columns.push_back(FieldColumn(field));
  }
  return columns;
}

/// A column of a benchmark's answer. A cell is empty if the benchmark has no such answer, or if the
/// benchmark is of the other kind.
template <class Value>
Column BenchmarkColumn(const std::string& name, bool predicted, bool (BenchmarkScore::*has)() const,
                       Value (BenchmarkScore::*value)() const) {
  return {name, [=](const ResultsRow& row) -> std::string {
            const BenchmarkScore& score = row.result().benchmark();
            if (score.predicted() != predicted || !(score.*has)()) return "";
            return absl::StrCat((score.*value)());
          }};
}

std::vector<Column> ResultColumns() {
  std::vector<Column> columns = PublishedColumns();
  columns.push_back(BenchmarkColumn("benchmark_top1", /*predicted=*/false,
                                    &BenchmarkScore::has_accuracy, &BenchmarkScore::accuracy));
  columns.push_back(BenchmarkColumn("benchmark_rank", /*predicted=*/false,
                                    &BenchmarkScore::has_rank, &BenchmarkScore::rank));
  columns.push_back(BenchmarkColumn("predicted_top1", /*predicted=*/true,
                                    &BenchmarkScore::has_accuracy, &BenchmarkScore::accuracy));
  columns.push_back(BenchmarkColumn("predicted_percentile", /*predicted=*/true,
                                    &BenchmarkScore::has_percentile, &BenchmarkScore::percentile));
  for (const char* name : {"test_top1", "test_top5", "train_cost_s"}) {
    columns.push_back(FieldColumn(*RunResult::descriptor()->FindFieldByName(name)));
  }
  return columns;
}

const std::vector<Column>& FileColumns() {
  static const auto* columns = new std::vector<Column>{
      {"config", [](const ResultsRow& row) { return row.config(); }},
      {"model", [](const ResultsRow& row) { return row.model(); }},
      {"log", [](const ResultsRow& row) { return row.log(); }},
      {"report", [](const ResultsRow& row) { return row.report(); }},
  };
  return *columns;
}

/// The text of a cell in Markdown. A genotype is formatted as code.
std::string MarkdownCell(const std::string& column, const std::string& text) {
  return column == "genotype" ? MarkdownCode(text) : MarkdownText(text);
}

/// The columns of the table of groups, by their names in RunResult. The other columns are only in
/// the JSON.
constexpr const char* kGroupColumns[] = {"params_m",
                                         "flops_g",
                                         "supernet_top1",
                                         "supernet_top5",
                                         "search_cost_s",
                                         "benchmark.accuracy",
                                         "benchmark.rank",
                                         "prediction.accuracy",
                                         "prediction.percentile",
                                         "test_top1",
                                         "test_top5",
                                         "train_cost_s",
                                         "mem_gb"};

/// The numbers of a column; null if the row has no number that means something. `Row` is
/// ResultsGroup or ResultsGridPoint.
template <class Row>
const ResultsColumn* Find(const Row& row, absl::string_view name) {
  const ResultsColumn* found = nullptr;
  RunResult result;
  for (const ResultsColumn& column : row.columns()) {
    if (column.name() == name) found = &column;
    if (column.name() == "chance_top1") result.set_chance_top1(column.mean());
  }
  return absl::EndsWith(name, kTop5) && !HasTop5(result) ? nullptr : found;
}

/// The number of digits that are shown after the decimal point.
int DigitsOf(double number) {
  const double size = std::abs(number);
  return size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
}

/// "53.22 ± 1.79". Both have as many digits as the mean needs.
std::string MeanText(const ResultsColumn& column) {
  const int digits = DigitsOf(column.mean());
  std::string text =
      absl::StrFormat("%.*f ± %.*f", digits, column.mean(), digits, column.deviation());
  if (column.runs() < 2) text = absl::StrFormat("%.*f", digits, column.mean());
  return text;
}

/// The columns of means for which at least one row has a number.
template <class Rows>
std::vector<const char*> FilledColumns(const Rows& rows) {
  std::vector<const char*> columns;
  for (const char* name : kGroupColumns) {
    if (std::any_of(rows.begin(), rows.end(),
                    [&](const auto& row) { return Find(row, name) != nullptr; })) {
      columns.push_back(name);
    }
  }
  return columns;
}

/// Appends the means of a row to its cells.
template <class Row>
void AppendMeans(const Row& row, const std::vector<const char*>& columns,
                 std::vector<std::string>* cells) {
  for (const char* name : columns) {
    const ResultsColumn* column = Find(row, name);
    cells->push_back(column == nullptr ? "–" : MeanText(*column));
  }
}

/// The mean agreement in each stage: "0.52, 0.35".
std::string AgreementText(const ResultsGroup& group) {
  if (group.agreement().empty()) return "–";
  return absl::StrJoin(group.agreement(), ", ", [](std::string* text, const StageAgreement& stage) {
    absl::StrAppendFormat(text, "%.2f", stage.mean());
  });
}

/// A table of means and standard deviations; empty if there are no groups.
std::string MarkdownGroups(const ResultsTable& table) {
  if (table.groups().empty()) return "";
  const std::vector<const char*> columns = FilledColumns(table.groups());
  std::vector<std::string> cells = {"runs that differ in the seed only", "dataset", "search_space",
                                    "seeds"};
  cells.insert(cells.end(), columns.begin(), columns.end());
  const bool has_agreement =
      std::any_of(table.groups().begin(), table.groups().end(),
                  [](const ResultsGroup& group) { return group.agreement_size() > 0; });
  if (has_agreement) cells.push_back("agreement by stage");
  std::string markdown = absl::StrCat("\n", MarkdownRow(cells), MarkdownRule(cells.size()));
  for (const ResultsGroup& group : table.groups()) {
    cells = {MarkdownText(group.name()), MarkdownText(group.dataset()),
             MarkdownText(group.search_space()), absl::StrJoin(group.seeds(), ", ")};
    AppendMeans(group, columns, &cells);
    if (has_agreement) cells.push_back(AgreementText(group));
    absl::StrAppend(&markdown, MarkdownRow(cells));
  }
  return absl::StrCat(markdown, kMeanNote, has_agreement ? kAgreementNote : "");
}

/// The minimum and the maximum in the plot of a grid.
NumberRange PlottedRange(const ResultsGrid& grid) {
  NumberRange range;
  for (const ResultsGridPoint& point : grid.points()) {
    for (const double value : point.plotted()) range.Include(value);
  }
  return range;
}

/// The number of characters that a terminal shows: the number of bytes that begin a character of
/// UTF-8.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string PaddedTo(size_t width, const std::string& text) {
  return absl::StrCat(text, std::string(width - std::min(width, Width(text)), ' '));
}

/// The width of the longest text.
size_t WidthOf(const std::vector<std::string>& texts) {
  size_t width = 0;
  for (const std::string& text : texts) width = std::max(width, Width(text));
  return width;
}

/// A plot of one field: one line for each value, and one "o" for each seed.
std::string LinePlot(const ResultsGrid& grid, int field) {
  constexpr size_t kColumns = 41;
  const NumberRange range = PlottedRange(grid);
  const size_t width = WidthOf(ValuesOf(grid, field));
  std::string plot = absl::StrCat(grid.plotted(), " for each ", grid.fields(field), ":\n\n");
  for (const ResultsGridPoint& point : grid.points()) {
    std::string line(kColumns, ' ');
    for (const double value : point.plotted()) {
      line[static_cast<size_t>(std::lround(range.PlaceOf(value) * (kColumns - 1)))] = 'o';
    }
    const ResultsColumn* mean = Find(point, grid.plotted());
    absl::StrAppend(&plot, PaddedTo(width, point.values(field)), " |", line, "| ",
                    mean == nullptr ? "–" : MeanText(*mean), "\n");
  }
  const std::string least = absl::StrFormat("%.*f", DigitsOf(range.least), range.least);
  const std::string greatest = absl::StrFormat("%.*f", DigitsOf(range.greatest), range.greatest);
  absl::StrAppend(&plot, std::string(width + 2, ' '), PaddedTo(kColumns - greatest.size(), least),
                  greatest, "\n");
  return plot;
}

/// A plot of two fields: a matrix of means, with a shade from the minimum (blank) to the maximum.
std::string MatrixPlot(const ResultsGrid& grid, int rows, int columns) {
  constexpr const char* kShades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
  const GridMatrix matrix = MatrixOf(grid, rows, columns);
  std::string plot = absl::StrCat("mean ", grid.plotted(), " for each ", grid.fields(rows),
                                  " (rows) and ", grid.fields(columns), " (columns):\n\n");
  std::vector<std::vector<std::string>> texts;
  size_t width = WidthOf(matrix.columns);
  for (const std::vector<GridMatrix::Cell>& row : matrix.cells) {
    texts.emplace_back();
    for (const GridMatrix::Cell& cell : row) {
      if (cell.point == nullptr) {
        texts.back().push_back("–");
        continue;
      }
      const auto shade = static_cast<size_t>(std::lround(4 * matrix.means.PlaceOf(cell.mean)));
      texts.back().push_back(
          absl::StrFormat("%.*f %s", DigitsOf(cell.mean), cell.mean, kShades[shade]));
    }
    width = std::max(width, WidthOf(texts.back()));
  }
  const size_t row_width = WidthOf(matrix.rows);
  const auto line = [&](const std::string& head, const std::vector<std::string>& cells) {
    std::string padded = PaddedTo(row_width, head);
    for (const std::string& text : cells) absl::StrAppend(&padded, "  ", PaddedTo(width, text));
    absl::StripTrailingAsciiWhitespace(&padded);
    absl::StrAppend(&plot, padded, "\n");
  };
  line("", matrix.columns);
  for (size_t i = 0; i < matrix.rows.size(); ++i) line(matrix.rows[i], texts[i]);
  return plot;
}

/// The grid, with fields and values that cannot end a code block or a line in it.
ResultsGrid ForCodeBlock(ResultsGrid grid) {
  const auto make_plain = [](std::string* text) {
    for (char& c : *text) {
      if (c == '`' || absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = '?';
    }
  };
  for (std::string& field : *grid.mutable_fields()) make_plain(&field);
  for (ResultsGridPoint& point : *grid.mutable_points()) {
    for (std::string& value : *point.mutable_values()) make_plain(&value);
  }
  return grid;
}

std::string MarkdownGrid(const ResultsGrid& grid) {
  std::string markdown =
      absl::StrCat("\nThe grid of ", MarkdownText(grid.name()), " (", MarkdownText(grid.dataset()),
                   ", ", MarkdownText(grid.search_space()), "):\n\n");
  const std::vector<std::vector<std::string>> rows = GridRows(grid);
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<std::string> cells;
    for (const std::string& text : rows[i]) cells.push_back(MarkdownText(text));
    absl::StrAppend(&markdown, MarkdownRow(cells), i == 0 ? MarkdownRule(cells.size()) : "");
  }
  absl::StrAppend(&markdown, kMeanNote);
  const std::vector<int> varying = VaryingFields(grid);
  if (!grid.has_plotted() || varying.empty() || varying.size() > 2) return markdown;
  const ResultsGrid plain = ForCodeBlock(grid);
  absl::StrAppend(
      &markdown, "\n```text\n",
      varying.size() == 1 ? LinePlot(plain, varying[0]) : MatrixPlot(plain, varying[0], varying[1]),
      "```\n");
  return markdown;
}

}  // namespace

std::vector<std::vector<std::string>> GridRows(const ResultsGrid& grid) {
  const std::vector<const char*> columns = FilledColumns(grid.points());
  std::vector<std::string> row(grid.fields().begin(), grid.fields().end());
  row.push_back("seeds");
  row.insert(row.end(), columns.begin(), columns.end());
  std::vector<std::vector<std::string>> rows = {row};
  for (const ResultsGridPoint& point : grid.points()) {
    row.assign(point.values().begin(), point.values().end());
    row.push_back(absl::StrJoin(point.seeds(), ", "));
    AppendMeans(point, columns, &row);
    rows.push_back(row);
  }
  return rows;
}

std::string GridsMarkdown(const ResultsTable& table) {
  std::string markdown;
  for (const ResultsGrid& grid : table.grids()) absl::StrAppend(&markdown, MarkdownGrid(grid));
  return markdown;
}

const ResultsTable& PublishedResults() {
  static const ResultsTable* const table = [] {
    auto* read = new ResultsTable;
    CHECK(google::protobuf::TextFormat::ParseFromString(kPublishedResults, read));
    return read;
  }();
  return *table;
}

void AddPublishedResults(ResultsTable* table) {
  const int ours = table->rows_size();
  for (const ResultsRow& published : PublishedResults().rows()) {
    const RunResult& theirs = published.result();
    // The published rows are searches, so they are not put beside trainings.
    const auto same_space = [&](const ResultsRow& row) {
      return !row.result().has_test_top1() && row.result().dataset() == theirs.dataset() &&
             row.result().search_space() == theirs.search_space();
    };
    const auto fills = [&](const ResultsRow& row) {
      return theirs.genotype().empty() && same_space(row) && row.result().seed() == theirs.seed();
    };
    const auto begin = table->rows().begin();
    if (std::any_of(begin, begin + ours, same_space) && std::none_of(begin, begin + ours, fills)) {
      *table->add_rows() = published;
    }
  }
  const auto key = [](const ResultsRow& row) {
    return std::make_tuple(row.result().dataset(), row.result().search_space(), !row.published(),
                           row.result().name(), row.result().seed());
  };
  std::stable_sort(table->mutable_rows()->begin(), table->mutable_rows()->end(),
                   [&](const ResultsRow& a, const ResultsRow& b) { return key(a) < key(b); });
}

std::string ResultsCsv(const ResultsTable& table) {
  std::vector<Column> columns = ResultColumns();
  columns.push_back({"name", [](const ResultsRow& row) { return row.result().name(); }});
  columns.insert(columns.end(), FileColumns().begin(), FileColumns().end());
  std::vector<std::string> fields;
  for (const Column& column : columns) fields.push_back(column.name);
  std::string csv = absl::StrCat(absl::StrJoin(fields, ","), ",published\n");
  for (const ResultsRow& row : table.rows()) {
    fields.clear();
    for (const Column& column : columns) fields.push_back(CsvField(column.text(row)));
    absl::StrAppend(&csv, absl::StrJoin(fields, ","), row.published() ? ",true\n" : ",false\n");
  }
  return csv;
}

std::string ResultsMarkdown(const ResultsTable& table) {
  std::vector<Column> columns = ResultColumns();
  columns.erase(std::remove_if(columns.begin(), columns.end(),
                               [&](const Column& column) {
                                 return std::all_of(table.rows().begin(), table.rows().end(),
                                                    [&](const ResultsRow& row) {
                                                      return column.text(row).empty();
                                                    });
                               }),
                columns.end());
  std::vector<std::string> cells = {"run"};
  for (const Column& column : columns) cells.push_back(column.name);
  cells.push_back("files");
  std::string markdown = MarkdownRow(cells) + MarkdownRule(cells.size());
  for (const ResultsRow& row : table.rows()) {
    cells = {row.published() ? "published" : MarkdownText(row.result().name())};
    for (const Column& column : columns) {
      cells.push_back(MarkdownCell(column.name, column.text(row)));
    }
    std::vector<std::string> links;
    for (const Column& column : FileColumns()) {
      const std::string file = column.text(row);
      if (!file.empty()) links.push_back(MarkdownLink(column.name, file));
    }
    cells.push_back(links.empty() ? MarkdownText("") : absl::StrJoin(links, " "));
    absl::StrAppend(&markdown, MarkdownRow(cells));
  }
  absl::StrAppend(
      &markdown, MarkdownGroups(table), GridsMarkdown(table),
      "\nflops_g counts multiply-adds, in units of 1e9: a multiplication and an addition "
      "count as one.\n");
  return markdown;
}

}  // namespace pdarts
