#ifndef PDARTS_REPORT_CELL_DRAWING_H_
#define PDARTS_REPORT_CELL_DRAWING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/report/html.h"

namespace pdarts {

/// Colours of operations. Operation n has the colour n modulo this.
constexpr int kNumOperationColors = 8;

/// The colours of operations, in order, on a light and on a dark ground (Okabe and Ito's palette,
/// which colour-blind readers tell apart, made darker for the light and lighter for the dark one).
const std::vector<std::string>& OperationColors(bool dark);

/// How a cell is drawn: inputs, nodes, the operation on every edge, the output.
struct DrawingOptions {
  /// Fixes the colour of each operation: its place here. Others are drawn grey.
  std::vector<std::string> operations;
  /// From top to bottom, for narrow pages, rather than from left to right.
  bool vertical = false;
  /// What the ids of the drawing's elements begin with, to be unique in a page; empty: the cell's
  /// kind.
  std::string id;
};

/// Draws a cell by Graphviz as an `<svg>` element to stand within a page. The edges of operation n
/// have the class `op-n`, so that the page's style sheet decides their colours.
/// \error kInternal with Graphviz's own words if it fails; as HtmlOfSvg.
absl::StatusOr<Html> DrawCellElement(const CellArchitecture& cell, const DrawingOptions& options);

/// A drawing as files of their own. One cell gives the same bytes always.
struct CellFiles {
  std::string svg;  ///< readable on light and dark grounds
  std::string pdf;
};

/// \error as DrawCellElement.
absl::StatusOr<CellFiles> DrawCellFiles(const CellArchitecture& cell,
                                        const DrawingOptions& options);

}  // namespace pdarts

#endif  // PDARTS_REPORT_CELL_DRAWING_H_
