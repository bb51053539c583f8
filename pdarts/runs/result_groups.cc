#include "pdarts/runs/result_groups.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "pdarts/core/spec.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/result_summary.h"

namespace pdarts {
namespace {

using google::protobuf::Message;

/// A text that is the same for two specs that differ only in the seed.
std::string WithoutSeed(const Message& spec) {
  const std::unique_ptr<Message> copy(spec.New());
  copy->CopyFrom(spec);
  copy->GetReflection()->ClearField(copy.get(), copy->GetDescriptor()->FindFieldByName("seed"));
  SetGrid({}, copy.get());
  return absl::StrCat(copy->GetDescriptor()->name(), "\n", PrintSpec(*copy));
}

/// Sorts runs by their seeds. Of several runs with the same seed, only the first stays: a repeated
/// run is not a second sample. `seed_of` is a function of a run.
template <class Run, class SeedOf>
void KeepOneOfEachSeed(const SeedOf& seed_of, std::vector<Run>* runs) {
  std::stable_sort(runs->begin(), runs->end(),
                   [&](const Run& a, const Run& b) { return seed_of(a) < seed_of(b); });
  runs->erase(std::unique(runs->begin(), runs->end(),
                          [&](const Run& a, const Run& b) { return seed_of(a) == seed_of(b); }),
              runs->end());
}

/// Sets the fields that all these results have in common. `Table` is ResultsGroup or ResultsGrid.
template <class Table>
void SetOrigin(const RunResult& result, Table* table) {
  table->set_name(result.name());
  table->set_dataset(result.dataset());
  table->set_search_space(result.search_space());
}

/// Sets seeds, means and standard deviations. `Row` is ResultsGroup or ResultsGridPoint.
template <class Row>
void SetColumns(const std::vector<RunResult>& results, Row* row) {
  for (const RunResult& result : results) row->add_seeds(result.seed());
  for (const ColumnSummary& summary : SummarizeResults(results)) {
    ResultsColumn* column = row->add_columns();
    column->set_name(summary.name);
    column->set_runs(static_cast<int>(std::count_if(summary.values.begin(), summary.values.end(),
                                                    [](const auto& v) { return v.has_value(); })));
    column->set_mean(summary.mean);
    column->set_deviation(summary.deviation);
  }
}

/// Sorts groups or grids.
template <class Table, class Common>
void SortByOrigin(Common common, std::vector<Table>* tables) {
  const auto key = [&](const Table& table) {
    return std::make_tuple(common(table).dataset(), common(table).search_space(),
                           common(table).name());
  };
  std::stable_sort(tables->begin(), tables->end(),
                   [&](const Table& a, const Table& b) { return key(a) < key(b); });
}

/// Splits a setting into its path and its value.
std::pair<std::string, std::string> SplitSetting(const std::string& setting) {
  return absl::StrSplit(setting, absl::MaxSplits('=', 1));
}

/// The text of the spec with these settings; empty if they cannot be set.
std::string WithSettings(const Message& spec, const std::vector<std::string>& settings) {
  const std::unique_ptr<Message> copy(spec.New());
  copy->CopyFrom(spec);
  for (const std::string& setting : settings) {
    if (!SetField(copy.get(), setting).ok()) return "";
  }
  return WithoutSeed(*copy);
}

std::vector<std::string> FieldsOf(const std::vector<std::string>& settings) {
  std::vector<std::string> fields;
  for (const std::string& setting : settings) fields.push_back(SplitSetting(setting).first);
  return fields;
}

/// The sort key of a value of a grid: numbers come first, by size; other values follow in the order
/// of their first runs.
std::pair<double, size_t> Rank(const std::string& value, size_t place) {
  double number;
  if (absl::SimpleAtod(value, &number)) return {number, 0};
  return {std::numeric_limits<double>::infinity(), place};
}

/// The runs of one grid, while they are collected.
struct GatheredGrid {
  std::string spec;                   ///< of the first run, as text without the seed
  std::vector<std::string> settings;  ///< of this spec
  /// The results by their values, in the order of the runs.
  std::vector<std::pair<std::vector<std::string>, std::vector<RunResult>>> points;

  bool Includes(const Message& other, const std::vector<std::string>& of_other) const {
    return FieldsOf(settings) == FieldsOf(of_other) && WithSettings(other, settings) == spec;
  }

  void Add(const std::vector<std::string>& of_run, const RunResult& result) {
    std::vector<std::string> values;
    for (const std::string& setting : of_run) values.push_back(SplitSetting(setting).second);
    const auto found = std::find_if(points.begin(), points.end(),
                                    [&](const auto& point) { return point.first == values; });
    if (found != points.end()) {
      found->second.push_back(result);
    } else {
      points.push_back({values, {result}});
    }
  }

  void Sort() {
    std::vector<std::map<std::string, size_t>> places(settings.size());
    for (const auto& [values, results] : points) {
      for (size_t i = 0; i < values.size(); ++i) places[i].emplace(values[i], places[i].size());
    }
    const auto key = [&](const auto& point) {
      std::vector<std::pair<double, size_t>> ranks;
      for (size_t i = 0; i < settings.size(); ++i) {
        ranks.push_back(Rank(point.first[i], places[i][point.first[i]]));
      }
      return ranks;
    };
    std::stable_sort(points.begin(), points.end(),
                     [&](const auto& a, const auto& b) { return key(a) < key(b); });
  }
};

/// The accuracies that a plot may show, the most important accuracy first.
constexpr const char* kPlotted[] = {"test_top1", "benchmark.accuracy", "prediction.accuracy",
                                    "supernet_top1"};

ResultsGrid SummarizeGrid(GatheredGrid gathered) {
  gathered.Sort();
  ResultsGrid grid;
  SetOrigin(gathered.points.front().second.front(), &grid);
  for (const std::string& field : FieldsOf(gathered.settings)) grid.add_fields(field);
  std::set<std::string> columns;
  for (auto& [values, results] : gathered.points) {
    KeepOneOfEachSeed([](const RunResult& result) { return result.seed(); }, &results);
    ResultsGridPoint* point = grid.add_points();
    for (const std::string& value : values) point->add_values(value);
    SetColumns(results, point);
    for (const ResultsColumn& column : point->columns()) columns.insert(column.name());
  }
  const auto plotted = std::find_if(std::begin(kPlotted), std::end(kPlotted),
                                    [&](const char* name) { return columns.count(name) > 0; });
  if (plotted == std::end(kPlotted)) return grid;
  grid.set_plotted(*plotted);
  for (size_t i = 0; i < gathered.points.size(); ++i) {
    for (const ColumnSummary& column : SummarizeResults(gathered.points[i].second)) {
      if (column.name != *plotted) continue;
      for (const std::optional<double>& value : column.values) {
        if (value) grid.mutable_points(static_cast<int>(i))->add_plotted(*value);
      }
    }
  }
  return grid;
}

/// The cell of the point that has these values of two fields.
GridMatrix::Cell FindCell(const ResultsGrid& grid, const std::pair<int, std::string>& row,
                          const std::pair<int, std::string>& column) {
  for (const ResultsGridPoint& point : grid.points()) {
    if (point.values(row.first) != row.second || point.values(column.first) != column.second) {
      continue;
    }
    for (const ResultsColumn& numbers : point.columns()) {
      if (numbers.name() == grid.plotted()) return {&point, numbers.mean()};
    }
  }
  return {};
}

}  // namespace

std::vector<RunGroup> GroupBySeed(const std::vector<FinishedRun>& runs) {
  std::map<std::string, std::vector<const FinishedRun*>> by_spec;
  for (const FinishedRun& run : runs) {
    if (run.spec != nullptr) by_spec[WithoutSeed(*run.spec)].push_back(&run);
  }
  std::vector<RunGroup> groups;
  for (auto& [spec, members] : by_spec) {
    KeepOneOfEachSeed([](const FinishedRun* run) { return run->result.seed(); }, &members);
    if (members.size() < 2) continue;
    RunGroup& group = groups.emplace_back();
    std::vector<StageEnds> stage_ends;
    for (const FinishedRun* run : members) {
      group.results.push_back(run->result);
      stage_ends.push_back(run->stage_ends);
    }
    SetOrigin(group.results.front(), &group.summary);
    SetColumns(group.results, &group.summary);
    for (const StageAgreement& stage : AgreementByStage(stage_ends)) {
      *group.summary.add_agreement() = stage;
    }
  }
  SortByOrigin([](const RunGroup& group) -> const ResultsGroup& { return group.summary; }, &groups);
  return groups;
}

std::vector<ResultsGrid> GridsOf(const std::vector<FinishedRun>& runs) {
  std::vector<GatheredGrid> gathered;
  for (const FinishedRun& run : runs) {
    if (run.spec == nullptr) continue;
    const std::vector<std::string> settings = GridOf(*run.spec);
    if (settings.empty()) continue;
    std::string spec = WithoutSeed(*run.spec);
    // Its values differ from those that its field `grid` lists.
    if (WithSettings(*run.spec, settings) != spec) continue;
    auto found = std::find_if(gathered.begin(), gathered.end(), [&](const GatheredGrid& grid) {
      return grid.Includes(*run.spec, settings);
    });
    if (found == gathered.end()) {
      gathered.push_back({std::move(spec), settings, {}});
      found = gathered.end() - 1;
    }
    found->Add(settings, run.result);
  }
  std::vector<ResultsGrid> grids;
  for (GatheredGrid& grid : gathered) {
    if (grid.points.size() > 1) grids.push_back(SummarizeGrid(std::move(grid)));
  }
  SortByOrigin([](const ResultsGrid& grid) -> const ResultsGrid& { return grid; }, &grids);
  return grids;
}

std::vector<std::string> ValuesOf(const ResultsGrid& grid, int field) {
  std::vector<std::string> values;
  for (const ResultsGridPoint& point : grid.points()) {
    if (std::find(values.begin(), values.end(), point.values(field)) == values.end()) {
      values.push_back(point.values(field));
    }
  }
  return values;
}

std::vector<int> VaryingFields(const ResultsGrid& grid) {
  std::vector<int> varying;
  for (int i = 0; i < grid.fields_size(); ++i) {
    if (ValuesOf(grid, i).size() > 1) varying.push_back(i);
  }
  return varying;
}

void NumberRange::Include(double number) {
  least = std::min(least, number);
  greatest = std::max(greatest, number);
}

double NumberRange::PlaceOf(double number) const {
  return greatest > least ? (number - least) / (greatest - least) : 0.5;
}

GridMatrix MatrixOf(const ResultsGrid& grid, int rows, int columns) {
  GridMatrix matrix;
  matrix.rows = ValuesOf(grid, rows);
  matrix.columns = ValuesOf(grid, columns);
  for (const std::string& row : matrix.rows) {
    std::vector<GridMatrix::Cell>& cells = matrix.cells.emplace_back();
    for (const std::string& column : matrix.columns) {
      cells.push_back(FindCell(grid, {rows, row}, {columns, column}));
      if (cells.back().point != nullptr) matrix.means.Include(cells.back().mean);
    }
  }
  return matrix;
}

}  // namespace pdarts
