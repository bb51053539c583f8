#ifndef PDARTS_REPORT_CELL_DRAWING_H_
#define PDARTS_REPORT_CELL_DRAWING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"

namespace pdarts {

/// How a cell is drawn.
struct DrawingOptions {
  /// Fixes the colour of each operation: its place here. Others are drawn grey.
  std::vector<std::string> operations;
  /// From top to bottom, for narrow pages, rather than from left to right.
  bool vertical = false;
};

/// A cell drawn by Graphviz: inputs, nodes, the operation on every edge, the output.
struct CellDrawing {
  /// An `<svg>` element to stand within a page. Every edge's operation n has the class `op-n`, so
  /// that the page's style sheet decides the colours; ids begin with the cell's kind.
  std::string svg_element;
  std::string svg_file;  ///< to stand alone: readable on light and dark grounds
  std::string pdf_file;
};

/// Draws one cell.
/// \error kInternal with Graphviz's own words if it fails.
absl::StatusOr<CellDrawing> DrawCell(const CellArchitecture& cell, const DrawingOptions& options);

/// The colours of operations, in order, on a light and on a dark ground (Okabe and Ito's palette,
/// which colour-blind readers tell apart, made lighter for the dark one). Beyond them: grey.
const std::vector<std::string>& OperationColors(bool dark);

}  // namespace pdarts

#endif  // PDARTS_REPORT_CELL_DRAWING_H_
