#include "pdarts/report/page.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/report/assets.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/html.h"

namespace pdarts {
namespace {

/// The cell in words, for who doesn't see it.
std::string CellInWords(const CellArchitecture& cell) {
  std::vector<std::string> edges;
  for (const ArchitectureEdge& edge : cell.edges()) {
    edges.push_back(absl::StrCat(edge.operation(), " from node ", edge.from(), " to ", edge.to()));
  }
  return absl::StrCat("The ", CellName(cell.kind()), ": ", absl::StrJoin(edges, ", "));
}

/// The colours of operations as style rules.
std::string ColorRules() {
  std::string rules;
  for (const bool dark : {false, true}) {
    const std::vector<std::string>& palette = OperationColors(dark);
    std::vector<std::string> colors;
    for (size_t i = 0; i < palette.size(); ++i) {
      colors.push_back(absl::StrCat("--op", i, ":", palette[i]));
    }
    absl::StrAppend(&rules, dark ? "@media screen and (prefers-color-scheme:dark){" : "", ":root{",
                    absl::StrJoin(colors, ";"), "}", dark ? "}" : "", "\n");
  }
  for (size_t i = 0; i < OperationColors(false).size(); ++i) {
    absl::StrAppend(&rules, ".op-", i, "{--c:var(--op", i, ")}");
  }
  return rules;
}

}  // namespace

std::vector<std::string> OperationsOf(const std::vector<RunFiles>& runs) {
  std::vector<std::string> operations;
  for (const RunFiles& run : runs) {
    for (const CellKind& kind : run.topology.kinds) {
      for (const std::string& operation : kind.operations) {
        if (std::find(operations.begin(), operations.end(), operation) == operations.end()) {
          operations.push_back(operation);
        }
      }
    }
  }
  return operations;
}

std::string RunTitle(const RunFiles& run) {
  return absl::StrCat(run.spec.name(), ", seed ", run.spec.seed());
}

absl::StatusOr<std::string> CellFigures(const RunFiles& run,
                                        const std::vector<std::string>& operations,
                                        absl::string_view id) {
  if (!run.found) return std::string("<p>Nothing may be derived yet.</p>\n");
  std::string figures;
  for (const CellArchitecture& cell : run.found->architecture().cells()) {
    DrawingOptions options;
    options.operations = operations;
    options.id = absl::StrCat(id, cell.kind());
    PDARTS_ASSIGN_OR_RETURN(const std::string wide, DrawCellElement(cell, options));
    options.vertical = true;
    options.id = absl::StrCat(id, cell.kind(), "_upright");
    PDARTS_ASSIGN_OR_RETURN(const std::string narrow, DrawCellElement(cell, options));
    absl::StrAppend(&figures, "<figure class=\"cell\" id=\"", id, cell.kind(),
                    "_cell\"><div role=\"img\" aria-label=\"", EscapeHtml(CellInWords(cell)),
                    "\"><div class=\"wide\">", wide, "</div><div class=\"narrow\">", narrow,
                    "</div></div><figcaption>The ", EscapeHtml(CellName(cell.kind())),
                    run.finished_search ? "" : " as it would be derived now",
                    ". Solid: operations; dashed: to the cell's output.</figcaption></figure>\n");
  }
  return figures;
}

std::string WholePage(absl::string_view title, absl::string_view body, const Charts& charts) {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
      // Nothing is fetched, and nothing but the page's own script and style may work.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
      "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n",
      "<link rel=\"icon\" href=\"data:,\">\n<title>", EscapeHtml(title), "</title>\n<style>\n",
      kReportStyle, ColorRules(), "\n</style>\n</head>\n<body>\n", body,
      "<p id=\"spoken\" class=\"hidden\" role=\"status\"></p>\n",
      "<script id=\"data\" type=\"application/json\">", charts.Json(), "</script>\n<script>\n",
      kChartLibrary, "\n</script>\n<script>\n", kReportScript, "</script>\n</body>\n</html>\n");
}

}  // namespace pdarts
