#ifndef PDARTS_REPORT_CELL_DRAWING_H_
#define PDARTS_REPORT_CELL_DRAWING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/report/html.h"

namespace pdarts {

/// The number of colors of operations. Operation n has the color n modulo this number.
constexpr int kNumOperationColors = 8;

/// The colors of operations, in order, for a light and for a dark background. They are the palette
/// of Okabe and Ito, which color-blind readers can distinguish, but darker for the light background
/// and lighter for the dark one.
const std::vector<std::string>& OperationColors(bool dark);

/// How a cell is drawn: inputs, nodes, the operation on every edge, the output.
struct DrawingOptions {
  /// The color of an operation is its index in this list. Other operations are gray.
  std::vector<std::string> operations;
  /// From top to bottom, for narrow pages, instead of from left to right.
  bool vertical = false;
  /// The prefix of the ids of the drawing's elements, which must be unique in a page. Empty: the
  /// cell kind.
  std::string id;
};

/// Draws a cell with Graphviz as an `<svg>` element for a page. The edges of operation n have the
/// class `op-n`, so that the style sheet of the page sets their colors.
/// \error kInternal with the message of Graphviz if it fails; as HtmlOfSvg.
absl::StatusOr<Html> DrawCellElement(const CellArchitecture& cell, const DrawingOptions& options);

/// A drawing as separate files. The same cell always gives the same bytes.
struct CellFiles {
  std::string svg;  ///< readable on light and dark backgrounds
  std::string pdf;
};

/// \error as DrawCellElement.
absl::StatusOr<CellFiles> DrawCellFiles(const CellArchitecture& cell,
                                        const DrawingOptions& options);

}  // namespace pdarts

#endif  // PDARTS_REPORT_CELL_DRAWING_H_
