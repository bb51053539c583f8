#include "pdarts/runs/results_table.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "glog/logging.h"
#include "google/protobuf/text_format.h"
#include "pdarts/core/csv.h"
#include "pdarts/runs/markdown_table.h"
#include "pdarts/runs/search_decision.h"

namespace pdarts {

extern const char* const kPublishedResults;

namespace {

constexpr char kTop5[] = "_top5";

struct Column {
  std::string name;
  std::function<std::string(const ResultsRow&)> text;  ///< empty where the row has nothing
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

/// A column of a field of RunResult; top-5 accuracies stand only where they say anything.
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

/// A column of what a benchmark says; empty where it says nothing, or is of the other kind.
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

/// The text of a column in Markdown; a genotype is code.
std::string MarkdownCell(const std::string& column, const std::string& text) {
  return column == "genotype" ? MarkdownCode(text) : MarkdownText(text);
}

/// The columns of the table of groups, by their names in RunResult; others are for JSON.
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

/// The numbers of a column; null where the group has none that say anything.
const ResultsColumn* Find(const ResultsGroup& group, absl::string_view name) {
  const ResultsColumn* found = nullptr;
  RunResult result;
  for (const ResultsColumn& column : group.columns()) {
    if (column.name() == name) found = &column;
    if (column.name() == "chance_top1") result.set_chance_top1(column.mean());
  }
  return absl::EndsWith(name, kTop5) && !HasTop5(result) ? nullptr : found;
}

/// "53.22 ± 1.79"; both with the digits that suit the mean.
std::string MeanText(const ResultsColumn& column) {
  const double size = std::abs(column.mean());
  const int digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  std::string text =
      absl::StrFormat("%.*f ± %.*f", digits, column.mean(), digits, column.deviation());
  if (column.runs() < 2) text = absl::StrFormat("%.*f", digits, column.mean());
  return text;
}

/// A table of means and deviations; empty where there are no groups.
std::string MarkdownGroups(const ResultsTable& table) {
  if (table.groups().empty()) return "";
  std::vector<const char*> columns;
  for (const char* name : kGroupColumns) {
    if (std::any_of(table.groups().begin(), table.groups().end(),
                    [&](const ResultsGroup& group) { return Find(group, name) != nullptr; })) {
      columns.push_back(name);
    }
  }
  std::vector<std::string> cells = {"runs that differ in the seed only", "dataset", "search_space",
                                    "seeds"};
  cells.insert(cells.end(), columns.begin(), columns.end());
  std::string markdown = absl::StrCat("\n", MarkdownRow(cells), MarkdownRule(cells.size()));
  for (const ResultsGroup& group : table.groups()) {
    cells = {MarkdownText(group.name()), MarkdownText(group.dataset()),
             MarkdownText(group.search_space()), absl::StrJoin(group.seeds(), ", ")};
    for (const char* name : columns) {
      const ResultsColumn* column = Find(group, name);
      cells.push_back(column == nullptr ? MarkdownText("") : MeanText(*column));
    }
    absl::StrAppend(&markdown, MarkdownRow(cells));
  }
  return absl::StrCat(markdown,
                      "\nMean ± standard deviation of a sample (the sum of squares is divided by "
                      "n - 1).\n");
}

}  // namespace

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
    // The published rows are searches, beside which no training stands.
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
      &markdown, MarkdownGroups(table),
      "\nflops_g counts multiply-adds, in units of 1e9: a multiplication and an addition "
      "count as one.\n");
  return markdown;
}

}  // namespace pdarts
