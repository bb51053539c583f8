#include "pdarts/report/grid_section.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/report/point_plot.h"
#include "pdarts/runs/result_groups.h"
#include "pdarts/runs/results_table.h"

namespace pdarts {
namespace {

Html Table(const ResultsGrid& grid) {
  std::vector<std::string> head;
  std::vector<std::vector<HtmlValue>> rows;
  for (std::vector<std::string>& row : GridRows(grid)) {
    if (head.empty()) {
      head = std::move(row);
    } else {
      rows.emplace_back(row.begin(), row.end());
    }
  }
  return HtmlScrolling(absl::StrCat("The grid of ", grid.name()), HtmlTable(head, rows));
}

/// The text that a browser shows if a reader points at a number.
std::string Label(const ResultsGrid& grid, const ResultsGridPoint& point, double value) {
  std::string label = absl::StrCat(grid.plotted(), " ", Number(value, 2));
  for (int i = 0; i < grid.fields_size(); ++i) {
    absl::StrAppend(&label, "\n", grid.fields(i), "=", point.values(i));
  }
  return label;
}

Html PlotOfOneField(const ResultsGrid& grid, int field) {
  std::vector<PlotSeries> series;
  for (const ResultsGridPoint& point : grid.points()) {
    PlotSeries& of_value = series.emplace_back();
    of_value.name = point.values(field);
    of_value.color = static_cast<int>(series.size()) - 1;
    for (const double value : point.plotted()) {
      of_value.points.push_back({0, value, Label(grid, point, value)});
    }
  }
  return StripPlot(
      {absl::StrCat(grid.name(), ": ", grid.plotted(), " of each seed; a line marks the mean"),
       grid.fields(field), grid.plotted()},
      series);
}

Html MatrixOfTwoFields(const ResultsGrid& grid, int rows, int columns) {
  const GridMatrix matrix = MatrixOf(grid, rows, columns);
  std::vector<std::string> head = {
      absl::StrCat(grid.fields(rows), " (rows), ", grid.fields(columns), " (columns)")};
  head.insert(head.end(), matrix.columns.begin(), matrix.columns.end());
  const std::string title = absl::StrCat(grid.name(), ": mean ", grid.plotted());
  Html rows_of_cells;
  for (size_t i = 0; i < matrix.rows.size(); ++i) {
    Html cells = HtmlRowHead(matrix.rows[i]);
    for (const GridMatrix::Cell& cell : matrix.cells[i]) {
      if (cell.point == nullptr) {
        cells.Append(Element(Tag::kTd, {{Attr::kClass, "gone"}}, "–"));
        continue;
      }
      cells.Append(Element(Tag::kTd,
                           {Shade(matrix.means.PlaceOf(cell.mean)),
                            {Attr::kTitle, Label(grid, *cell.point, cell.mean)}},
                           Number(cell.mean, 2)));
    }
    rows_of_cells.Append(Block(Tag::kTr, cells));
  }
  return Block(Tag::kFigure, HtmlScrolling(title, HtmlHeatMap(title, head, rows_of_cells)),
               Element(Tag::kFigcaption, title, ", a shade from ", Number(matrix.means.least, 2),
                       " to ", Number(matrix.means.greatest, 2), "."));
}

Html PlotOf(const ResultsGrid& grid) {
  const std::vector<int> varying = VaryingFields(grid);
  if (!grid.has_plotted()) return {};
  if (varying.size() == 1) return PlotOfOneField(grid, varying[0]);
  if (varying.size() == 2) return MatrixOfTwoFields(grid, varying[0], varying[1]);
  return {};
}

}  // namespace

Html GridSection(const std::vector<ResultsGrid>& grids) {
  if (grids.empty()) return {};
  Html content =
      Block(Tag::kP, "Mean ± standard deviation of a sample over the seeds of each combination.");
  for (const ResultsGrid& grid : grids) {
    content.Append(
        HtmlCat(Block(Tag::kH3, grid.name(), " (", grid.dataset(), ", ", grid.search_space(), ")"),
                Table(grid), PlotOf(grid)));
  }
  return HtmlSection("grid", "The grid of the sweep", content);
}

}  // namespace pdarts
